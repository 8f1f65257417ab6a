"""`genesis demo` and `genesis monitor`: what runs until it is told to end."""

# ruff: noqa: PLC0415 - a sub-command loads only what it runs

from __future__ import annotations

import argparse
import asyncio
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path

from genesis.cli.arguments import Commands, Environ, above_zero, add_address, add_command, say
from genesis.core.clock import SystemClock
from genesis.core.config import load_settings
from genesis.core.errors import StackError
from genesis.signals import stop_event


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
    monitor = add_command(commands, "monitor", _monitor, "serve the journal's account at /metrics until SIGTERM or Ctrl-C")
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
    asyncio.run(until_signal(Demo(settings, chosen, say=say, clock=SystemClock(), environ=environ).run))
    return 0


def _monitor(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.app import MonitorApp

    app = MonitorApp(
        load_settings(options.config), journal=options.journal, host=options.host, port=options.port, clock=SystemClock()
    )

    async def serve(stop: asyncio.Event) -> None:
        async with app:
            gc.collect()
            gc.freeze()  # what is there now stays: a full collection amid a scrape need not look at half a million objects
            await stop.wait()

    asyncio.run(until_signal(serve))
    return 0


async def until_signal(run: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    with stop_event(say) as stop:
        await run(stop)
