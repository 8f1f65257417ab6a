"""`genesis rotate run`: the controller, until it is stopped."""

# ruff: noqa: PLC0415 - a sub-command loads only what it runs

from __future__ import annotations

import argparse
import asyncio
from functools import partial

from genesis.cli.arguments import Commands, Environ, add_command, port, say
from genesis.cli.journal_commands import add_journal, journal_of
from genesis.configuration import load_settings
from genesis.signals import at_each, stop_event


def add_run(commands: Commands, environ: Environ) -> None:
    run = add_command(
        commands, "run", _run, "decide at every interval until SIGTERM or Ctrl-C; SIGHUP reads the configuration again"
    )
    add_journal(run)
    run.add_argument("--prometheus", metavar="URL", help="query this Prometheus (default: prometheus of rotation.yaml)")
    run.add_argument(
        "--host",
        default=environ.get("GENESIS_ROTATION_HOST"),
        metavar="H",
        help="address to listen on (default: host of rotation.yaml)",
    )
    run.add_argument(
        "--port",
        type=port,
        default=environ.get("GENESIS_ROTATION_PORT"),
        metavar="P",
        help="port to listen on, 0: any free one (default: port of rotation.yaml)",
    )


def _run(options: argparse.Namespace, _: Environ) -> int:
    asyncio.run(_serve(options))
    return 0


async def _serve(options: argparse.Namespace) -> None:
    from genesis.rotation.app import RotationApp

    load = partial(load_settings, options.config)
    again = asyncio.Event()
    with stop_event(say, again) as stop:
        async with RotationApp(
            load(), journal=journal_of(options)[0], host=options.host, port=options.port, prometheus=options.prometheus
        ) as app:
            reloads = at_each(again, partial(app.reload, load))
            waits = [asyncio.ensure_future(awaitable) for awaitable in (stop.wait(), app.ended(), reloads)]
            try:
                done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for wait in waits:
                    wait.cancel()
                await asyncio.gather(*waits, return_exceptions=True)
