"""`genesis alerts ...`: list, test, explain and silence alerts, and fire a test alert."""

# ruff: noqa: PLC0415 - a sub-command imports only what it needs

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from genesis.cli.arguments import FAILURE, INTERRUPTED, Commands, Environ, add_command, add_group, say, user
from genesis.configuration import Settings, load_settings
from genesis.core.clock import SystemClock
from genesis.core.duration import duration_text, parse_duration
from genesis.core.errors import GenesisError, ServerError, UnknownError
from genesis.signals import stop_event, unless_stopped

if TYPE_CHECKING:
    from genesis.alerts.live.definitions import AlertDefinitions
    from genesis.clients.alertmanager import Alertmanager
    from genesis.clients.prometheus import Prometheus

_ALERTMANAGER = "http://127.0.0.1:9093"
_PROMETHEUS = "http://127.0.0.1:9090"


def add_alerts_commands(commands: Commands) -> None:
    verbs = add_group(commands, "alerts", "list, test, explain and silence alerts, or fire a test alert")
    listed = add_command(verbs, "list", _list, "list every alert with its state, receivers and thresholds", "WARNING")
    _add_strategy(listed, "only the thresholds and states of this strategy")
    _add_servers(listed, prometheus=True)

    test = add_command(
        verbs, "test", _test, "check the rules of your thresholds with promtool, and the routes with amtool", "WARNING"
    )
    test.add_argument("name", nargs="*", metavar="NAME", help="an alert (default: all)")

    explain = add_command(verbs, "explain", _explain, "explain an alert: why it fires or not, and who is notified", "WARNING")
    explain.add_argument("name", metavar="NAME", help="the alert")
    _add_strategy(explain, "only the thresholds and figures of this strategy")
    _add_servers(explain, prometheus=True)

    silence = add_command(verbs, "silence", _silence, "silence an alert for a time", "WARNING")
    silence.add_argument("name", metavar="NAME", help="the alert")
    _add_strategy(silence, "only the alert of this strategy")
    silence.add_argument("--for", dest="lasts", type=_duration, required=True, metavar="T", help="for how long, for example 2h")
    silence.add_argument("--why", required=True, metavar="TEXT", help="the reason, for people who miss the alert")
    silence.add_argument("--author", default=user(), metavar="NAME", help="who silences it (default: the user)")
    _add_servers(silence, prometheus=True)

    silences = add_command(verbs, "silences", _silences, "list the silences: what, until when, by whom and why", "WARNING")
    _add_servers(silences)

    end = add_command(verbs, "unsilence", _unsilence, "end a silence now", "WARNING")
    end.add_argument("identity", metavar="ID", help="as `genesis alerts silences` lists it")
    _add_servers(end)

    fire = add_command(
        verbs,
        "fire",
        _fire,
        "send a marked test alert, and watch until its receivers got it and its end",
        "WARNING",
    )
    fire.add_argument("name", metavar="NAME", help="the alert")
    _add_strategy(fire, "the strategy of the alert, if it is about one")
    fire.add_argument("--severity", metavar="S", help="one of the alert's (default: the most urgent one)")
    fire.add_argument(
        "--label", action="append", default=[], type=_label, metavar="K=V", help="a further label; may be repeated"
    )
    fire.add_argument(
        "--within",
        type=_duration,
        default=timedelta(seconds=20),
        metavar="T",
        help="how long the delivery may take after the route's waiting time (default: 20s)",
    )
    _add_servers(fire, prometheus=True)


def _add_strategy(command: argparse.ArgumentParser, text: str) -> None:
    command.add_argument("--strategy", metavar="NAME", help=text)


def _add_servers(command: argparse.ArgumentParser, *, prometheus: bool = False) -> None:
    command.add_argument("--alertmanager", default=_ALERTMANAGER, metavar="URL", help=f"default: {_ALERTMANAGER}")
    if prometheus:
        command.add_argument("--prometheus", default=_PROMETHEUS, metavar="URL", help=f"default: {_PROMETHEUS}")


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} {error}") from error


def _label(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not LABEL=VALUE")
    return name, value


@asynccontextmanager
async def _servers(options: argparse.Namespace) -> AsyncIterator[tuple[Prometheus, Alertmanager]]:
    from genesis.clients.alertmanager import Alertmanager
    from genesis.clients.prometheus import Prometheus

    async with AsyncExitStack() as stack:
        prometheus = await stack.enter_async_context(Prometheus(options.prometheus))
        yield prometheus, await stack.enter_async_context(Alertmanager(options.alertmanager))


def _definitions(settings: Settings) -> AlertDefinitions:
    from genesis.alerts.live.definitions import AlertDefinitions

    return AlertDefinitions(settings.alerts, settings.rules, settings.strategies.strategies)


async def _known(definitions: AlertDefinitions, strategy: str | None, prometheus: Prometheus) -> None:
    """Refuse a strategy that neither the configuration nor the monitor has."""
    from genesis.alerts.live.figures import live_strategies

    if strategy is None or strategy in definitions.strategies:
        return
    try:
        live = await live_strategies(prometheus)
    except ServerError as error:
        unknown = UnknownError("strategy", strategy, definitions.strategies)
        raise GenesisError(f"{unknown}; it is unknown whether the monitor has it: {error}") from error
    if strategy not in live:
        raise UnknownError("strategy", strategy, definitions.strategies | live)


def _list(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.alerts.live.listing import HEAD, faults, rows, table
    from genesis.alerts.live.routing import Routing
    from genesis.alerts.live.states import states
    from genesis.monitoring.alert_manager import alertmanager_config

    settings = load_settings(options.config)
    definitions, routing = _definitions(settings), Routing(alertmanager_config(settings.alerts))

    async def run() -> None:
        async with _servers(options) as (prometheus, manager):
            await _known(definitions, options.strategy, prometheus)
            found = await states(prometheus, manager, definitions.alerts.values())
        for line in table(HEAD, list(rows(definitions, routing, found, options.strategy))):
            say(line)
        for line in faults(definitions, found):
            say(f"FAULT: {line}")
        for note in found.notes:
            say(f"note: {note}")

    asyncio.run(run())
    return 0


def _test(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.alerts.live.trial import results, trials

    settings = load_settings(options.config)

    async def run(folder: Path) -> int:
        found = trials(_definitions(settings), folder, options.name, environ)
        done = failed = 0
        async for result in results(found):
            done += 1
            failed += result.fault is not None
            say(f"[{done}/{len(found)}] {'ok' if result.fault is None else 'FAULT'}: {result.name}")
            if result.fault is not None:
                say(result.fault)
        say(f"{failed} of {done} failed" if failed else f"all {done} passed")
        return FAILURE if failed else 0

    with tempfile.TemporaryDirectory(prefix="genesis-alerts-") as folder:
        return asyncio.run(run(Path(folder)))


def _explain(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.alerts.live.explanation import Sources, explain
    from genesis.alerts.live.routing import Routing
    from genesis.alerts.live.states import states
    from genesis.monitoring.alert_manager import alertmanager_config

    settings = load_settings(options.config)
    definitions, routing = _definitions(settings), Routing(alertmanager_config(settings.alerts))
    alert = definitions.find(options.name)

    async def run() -> None:
        async with _servers(options) as (prometheus, manager):
            await _known(definitions, options.strategy, prometheus)
            found = await states(prometheus, manager, [alert])
            sources = Sources(definitions, routing, prometheus, found, SystemClock().now())
            async for line in explain(sources, alert, options.strategy):
                say(line)

    asyncio.run(run())
    return 0


def _silence(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.alerts.live.silencing import matchers, refuse_endless, warning

    definitions = _definitions(load_settings(options.config))
    alert = definitions.find(options.name)
    quiet = matchers(alert, options.strategy)
    refuse_endless(options.lasts, options.why)
    now = SystemClock().now()

    async def run() -> str:
        async with _servers(options) as (prometheus, manager):
            await _known(definitions, options.strategy, prometheus)
            return await manager.silence(quiet, now, now + options.lasts, options.author, options.why)

    identity = asyncio.run(run())
    if (risk := warning(alert)) is not None:
        say(f"note: {risk}")
    say(f"silenced for {duration_text(options.lasts)}: {', '.join(map(str, quiet))}")
    say(f"To end it earlier: genesis alerts unsilence {identity}")
    return 0


def _silences(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.alerts.live.silencing import silence_lines
    from genesis.clients.alertmanager import Alertmanager

    async def run() -> None:
        async with Alertmanager(options.alertmanager) as manager:
            for line in silence_lines(await manager.silences(), SystemClock().now()):
                say(line)

    asyncio.run(run())
    return 0


def _unsilence(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.clients.alertmanager import Alertmanager

    async def run() -> None:
        async with Alertmanager(options.alertmanager) as manager:
            await manager.end_silence(options.identity)

    asyncio.run(run())
    say(f"ended: {options.identity}")
    return 0


def _fire(options: argparse.Namespace, environ: Environ) -> int:
    from genesis.alerts.live.drill import drill
    from genesis.alerts.live.firing import Firing
    from genesis.alerts.live.routing import Routing
    from genesis.monitoring.alert_manager import alertmanager_config

    settings = load_settings(options.config)
    definitions = _definitions(settings)
    sent = drill(definitions.find(options.name), options.strategy, options.severity, dict(options.label))

    async def fire() -> bool:
        async with _servers(options) as (prometheus, manager):
            await _known(definitions, options.strategy, prometheus)
            firing = Firing(manager, sent, SystemClock(), say, options.within)
            return await firing.run(Routing(alertmanager_config(settings.alerts)))

    async def run() -> bool | None:
        # However the command is stopped, it must first end the alert.
        with stop_event(say) as stop:
            return await unless_stopped(stop, fire())

    delivered = asyncio.run(run())
    if delivered is None:
        return INTERRUPTED
    return 0 if delivered else FAILURE
