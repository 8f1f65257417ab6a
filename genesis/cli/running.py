"""`genesis demo` and `genesis monitor`: what runs until it is told to end."""

# ruff: noqa: PLC0415 - a sub-command loads only what it runs

from __future__ import annotations

import argparse
import asyncio
import gc
from functools import partial
from pathlib import Path

from genesis.cli.arguments import Commands, Environ, above_zero, add_address, add_command, say
from genesis.configuration import load_settings
from genesis.core.clock import SystemClock
from genesis.core.errors import StackError
from genesis.signals import at_each, stop_event, unless_stopped


def add_demo(commands: Commands, environ: Environ) -> None:
    demo = add_command(
        commands, "demo", _demo, "run engine, monitor, Prometheus and Alertmanager on this machine, and watch", "WARNING"
    )
    demo.add_argument("--speed", type=above_zero(float), default=1.0, metavar="X", help="times real time (default: 1)")
    demo.add_argument("--seed", type=int, default=1, metavar="N", help="the simulated market's seed (default: 1)")
    demo.add_argument("--duration", type=above_zero(float), metavar="S", help="stop after S seconds (default: at Ctrl-C)")
    demo.add_argument(
        "--market", type=Path, metavar="DIR", help="trade on the recorded market in DIR instead of a simulated one"
    )
    demo.add_argument("--data", type=Path, metavar="DIR", help="write to DIR and keep it (default: a temporary directory)")
    demo.add_argument(
        "--strategies", type=above_zero(int), metavar="N", help="add copies of the configured strategies until there are N"
    )
    demo.add_argument("--no-stack", action="store_true", help="engine and monitor only; with --prometheus, rotation too")
    demo.add_argument("--no-rotation", action="store_true", help="leave the capital where it is")
    demo.add_argument("--prometheus", metavar="URL", help="with --no-stack: a Prometheus that reads this demo, for rotation")
    demo.add_argument("--no-fault", action="store_true", help="break no strategy on purpose: none should raise an alert")
    demo.add_argument(
        "--grafana-password-file",
        type=Path,
        metavar="FILE",
        help="holds the password of Grafana's user admin (default: a random one)",
    )
    demo.add_argument("--free-ports", action="store_true", help="use any free ports, not the usual ones")
    add_address(demo, environ)


def add_monitor(commands: Commands, environ: Environ) -> None:
    text = "serve the journal's account at /metrics until SIGTERM or Ctrl-C; SIGHUP reads the configuration again"
    monitor = add_command(commands, "monitor", _monitor, text)
    monitor.add_argument("--journal", metavar="WHERE", help="file or postgresql://... (default: as monitor.yaml says)")
    add_address(monitor, environ)


def _demo(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.demo.demo import Demo
    from genesis.demo.options import DemoOptions
    from genesis.stack.native import ANY_PORTS, USUAL_PORTS

    if options.prometheus and not options.no_stack:
        raise StackError("--prometheus is for --no-stack: the stack has a Prometheus of its own")
    settings = load_settings(options.config)
    chosen = DemoOptions(
        seed=options.seed,
        speed=options.speed,
        duration=options.duration,
        market=options.market,
        data=options.data,
        strategies=options.strategies,
        stack=not options.no_stack,
        rotation=not options.no_rotation,
        prometheus=options.prometheus,
        fault=not options.no_fault,
        host=options.host,
        port=0 if options.free_ports and options.port is None else options.port,
        ports=ANY_PORTS if options.free_ports else USUAL_PORTS,
        grafana_files=options.config.absolute().parent / "grafana",
        grafana_password_file=options.grafana_password_file,
    )
    demo = Demo(settings, chosen, say=say, clock=SystemClock(), environ=environ)

    async def run() -> None:
        with stop_event(say) as stop:  # SIGHUP too: a demo ends with the terminal that it is watched in
            await demo.run(stop)

    asyncio.run(run())
    return 0


def _monitor(options: argparse.Namespace, _: Environ) -> int:
    asyncio.run(_serve(options))
    return 0


async def _serve(options: argparse.Namespace) -> None:
    load = partial(load_settings, options.config)
    again = asyncio.Event()
    with stop_event(say, again) as stop:  # before the import, which takes its time: a SIGHUP must not end the process
        from genesis.app import MonitorApp

        async with MonitorApp(
            load(), journal=options.journal, host=options.host, port=options.port, clock=SystemClock()
        ) as app:
            gc.collect()
            gc.freeze()  # what is there now stays: a full collection amid a scrape need not look at half a million objects
            await unless_stopped(stop, at_each(again, partial(app.reload, load)))
