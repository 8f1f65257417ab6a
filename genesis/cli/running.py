"""`genesis demo` and `genesis monitor`: the commands that run until they are stopped."""

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
        "--strategies", type=above_zero(int), metavar="N", help="run N strategies: the configured ones and copies of them"
    )
    demo.add_argument("--no-stack", action="store_true", help="run only engine and monitor; with --prometheus, also rotation")
    demo.add_argument("--no-rotation", action="store_true", help="run without rotation: no capital is moved")
    demo.add_argument(
        "--prometheus", metavar="URL", help="with --no-stack: the Prometheus that scrapes this demo, for rotation"
    )
    demo.add_argument("--no-fault", action="store_true", help="inject no fault: no strategy should raise an alert")
    demo.add_argument(
        "--grafana-password-file",
        type=Path,
        metavar="FILE",
        help="the file with the password of Grafana's user admin (default: a random one)",
    )
    demo.add_argument("--free-ports", action="store_true", help="use any free ports, not the usual ones")
    add_address(demo, environ)


def add_monitor(commands: Commands, environ: Environ) -> None:
    text = "serve the account of the journal at /metrics until SIGTERM or Ctrl-C; SIGHUP reloads the configuration"
    monitor = add_command(commands, "monitor", _monitor, text)
    monitor.add_argument("--journal", metavar="WHERE", help="file or postgresql://... (default: from monitor.yaml)")
    add_address(monitor, environ)


def _demo(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.demo.demo import Demo
    from genesis.demo.options import DemoOptions
    from genesis.stack.native import ANY_PORTS, USUAL_PORTS

    if options.prometheus and not options.no_stack:
        raise StackError("--prometheus is only for --no-stack: the stack has its own Prometheus")
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
        with stop_event(say) as stop:  # also at SIGHUP: a demo ends with its terminal
            await demo.run(stop)

    asyncio.run(run())
    return 0


def _monitor(options: argparse.Namespace, _: Environ) -> int:
    asyncio.run(_serve(options))
    return 0


async def _serve(options: argparse.Namespace) -> None:
    load = partial(load_settings, options.config)
    again = asyncio.Event()
    with stop_event(say, again) as stop:  # before the slow import: a SIGHUP during it must not end the process
        from genesis.app import MonitorApp

        async with MonitorApp(
            load(), journal=options.journal, host=options.host, port=options.port, clock=SystemClock()
        ) as app:
            gc.collect()
            gc.freeze()  # objects that exist now stay: a full collection during a scrape skips half a million of them
            await unless_stopped(stop, at_each(again, partial(app.reload, load)))
