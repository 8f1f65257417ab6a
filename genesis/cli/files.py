"""`genesis generate`, `check` and `programs`: the generated files, and the programs that read them."""

# ruff: noqa: PLC0415 - a sub-command loads only what it runs

from __future__ import annotations

import argparse
import sys

from genesis.cli.arguments import FAILURE, Commands, Environ, add_command, say
from genesis.configuration import load_settings


def add_generate(commands: Commands) -> None:
    generate = add_command(commands, "generate", _generate, "generate rules, configurations, boards and reference docs")
    generate.add_argument("--check", action="store_true", help="write nothing; fail if a file is not up to date")


def add_check(commands: Commands) -> None:
    add_command(commands, "check", _check, "check configuration and generated files")


def add_programs(commands: Commands) -> None:
    found = add_command(commands, "programs", _programs, "show where Prometheus, Alertmanager and their tools are installed")
    found.add_argument("--install", action="store_true", help="install missing programs with apt; silent if none is missing")
    found.add_argument("--tests", action="store_true", help="also the programs that only the tests need: PostgreSQL")


def _generate(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.commands import generate

    settings, root = load_settings(options.config), options.config.absolute().parent
    if not options.check:
        for path in generate.write(root, settings):
            say(f"written: {path}")
        return 0
    drifted = generate.check(root, settings)
    for path in drifted:
        print(f"not up to date: {path}: run `genesis generate`", file=sys.stderr)
    return FAILURE if drifted else 0


def _check(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.commands.check import check_files

    settings = load_settings(options.config)
    say(f"ok: {options.config}")
    failed = False
    for note, fault in check_files(settings, options.config.absolute().parent, environ):
        say(f"ok: {note}" if fault is None else f"FAULT: {note}\n{fault}")
        failed = failed or fault is not None
    return FAILURE if failed else 0


def _programs(options: argparse.Namespace, environ: Environ) -> int:
    from genesis import programs

    wanted = programs.TESTED if options.tests else programs.ALL
    if options.install:
        programs.install(wanted, environ, say)
        return 0
    found = {program: programs.find(program, environ) for program in (*wanted, programs.GRAFANA)}
    for program, path in found.items():
        say(f"{program.name:<14}{path or '-'}")
    programs.require(wanted, environ)
    return 0
