"""The parser of the whole command line, and the exit codes and messages of errors."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from genesis import __version__
from genesis.cli.accounts import add_baseline, add_reconcile, add_replay, add_report
from genesis.cli.alerts import add_alerts_commands
from genesis.cli.arguments import FAILURE, INTERRUPTED, Environ, Run
from genesis.cli.files import add_check, add_generate, add_programs
from genesis.cli.journal_commands import add_journal_commands
from genesis.cli.rotate import add_rotate_commands
from genesis.cli.running import add_demo, add_monitor
from genesis.core.errors import GenesisError
from genesis.logs import configure_logs


def main(arguments: Sequence[str] | None = None, environ: Environ | None = None) -> int:
    """Run one sub-command; returns its exit code. An error is a message on stderr, without a traceback."""
    environ = os.environ if environ is None else environ
    # Read when numpy is imported. Without it, BLAS starts one thread per core, each with its own memory, for small arrays.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        options = parser(environ).parse_args(arguments)
        configure_logs(options.log_level)
        command: Run = options.command
        return command(options, environ)
    except GenesisError as error:
        print(f"genesis: {error}", file=sys.stderr)
        return FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `genesis replay ... | head`: the reader has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE


def parser(environ: Environ) -> argparse.ArgumentParser:
    """The parser of the whole command line; GENESIS_HOST and GENESIS_PORT of `environ` are defaults of --host and --port."""
    top = argparse.ArgumentParser(prog="genesis", description="Live strategy performance monitoring for trading engines.")
    top.add_argument("--version", action="version", version=f"genesis {__version__}")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add_demo(commands, environ)
    add_monitor(commands, environ)
    add_replay(commands)
    add_reconcile(commands)
    add_baseline(commands)
    add_report(commands)
    add_journal_commands(commands)
    add_alerts_commands(commands)
    add_rotate_commands(commands, environ)
    add_generate(commands)
    add_check(commands)
    add_programs(commands)
    return top
