"""The cases of the monitor itself."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from genesis.alerts.cases.case import MONITOR, Case, Check, Firing, around, held, human, not_before, series
from genesis.alerts.cases.maker import CaseMaker, hold_text
from genesis.alerts.figure import SEVERITIES
from genesis.alerts.promql import number
from genesis.alerts.rules import JOB
from genesis.core.duration import duration_text
from genesis.metrics import catalog

_UP = series("up")
_ACCOUNTS = series(catalog.COLLECTOR_SUCCESS.name, group="accounts")


def down(maker: CaseMaker) -> Iterator[Case]:
    """MonitorDown."""
    config = maker.of("MonitorDown")
    hold = maker.hold(config)
    firing = [maker.firing_elsewhere(config.severity, MONITOR, hold=hold_text(config))]
    yield maker.fires("fires when the monitor cannot be read", {_UP: held(0, hold)}, config, firing)
    unknown = [maker.firing_elsewhere(config.severity, {"job": JOB}, hold=hold_text(config))]
    other = {'up{instance="localhost:9090",job="prometheus"}': held(1, hold)}
    yield maker.fires("fires when Prometheus knows of no monitor", other, config, unknown)
    restoring = {_UP: held(1, hold), series(catalog.COLLECTOR_SUCCESS.name, group="service"): held(1, hold)}
    yield maker.fires("fires while the books are not restored", restoring, config, firing)
    for value, name in ((1, "says nothing while the monitor answers"), (0, "leaves one failing group to CollectorFailing")):
        yield maker.silent(name, {_UP: held(1, hold), _ACCOUNTS: held(value, hold)}, config)
    back = hold + 1 + maker.kept(config)
    values = {_UP: f"{held(0, hold)} {held(1, back)}", _ACCOUNTS: held(1, 2 * back)}
    yield maker.case("ends when the monitor is back", values, [Check(back - 1, firing), Check(back)])


def collector(maker: CaseMaker) -> Iterator[Case]:
    """CollectorFailing."""
    config = maker.of("CollectorFailing")
    hold = maker.hold(config)
    trades = series(catalog.COLLECTOR_SUCCESS.name, group="trades")
    firing = {group: maker.firing(config.severity, {"group": group}) for group in ("trades", "accounts")}
    well = {_UP: held(1, hold), _ACCOUNTS: held(1, hold), trades: held(1, hold)}
    yield maker.silent("says nothing of a complete scrape", well, config)
    one = {**well, trades: held(0, hold)}
    yield maker.fires("fires for the group that fails", one, config, [firing["trades"]])
    both = {**one, _ACCOUNTS: held(0, hold)}
    yield maker.case("fires for each group", both, [*not_before(hold), Check(hold, list(firing.values()))])
    yield maker.silent("leaves a monitor that is down to MonitorDown", {_UP: held(0, hold)}, config)
    yield maker.ends(config, {trades: ("0", "1")}, [firing["trades"]])


def flapping(maker: CaseMaker) -> Iterator[Case]:
    """MonitorFlapping."""
    config = maker.of("MonitorFlapping")
    times, hold, window, kept = config.times, maker.hold(config), maker.time.steps(config.window), maker.kept(config)
    last = 2 * times - 1  # the step of the last fall: it is there at every even one

    def up(falls: int, steps: int) -> dict[str, str]:
        return {_UP: f"{'1 0 ' * falls}{held(1, steps)}"}

    firing = [maker.firing(config.severity, {}, value=str(times), window=duration_text(config.window))]
    checks = [Check(last - 1), *([Check(last + hold - 1)] if hold else []), Check(last + hold, firing)]
    yield maker.case("fires at the last fall that it takes", up(times, hold), checks)
    yield maker.case("says nothing of one fall less", up(times - 1, hold + 2), [Check(last + hold)])
    if times > 1:
        away = {_UP: f"1 {held(0, last + hold)}"}
        yield maker.case("leaves a monitor that stays away to MonitorDown", away, [Check(last + hold)])
    yield maker.absent(config)
    over = window + 1 + kept
    # The first fall leaves the window with the step before it; Prometheus 2 counts the window's left edge, 3 does not.
    yield maker.case("ends when they are long ago", up(times, over), [Check(window - 1 + kept, firing), Check(over)])


def slow(maker: CaseMaker) -> Iterator[Case]:
    """ScrapeSlow."""
    config, interval = maker.of("ScrapeSlow"), maker.settings.scrape_interval
    limits = {severity: config.seconds(severity, interval) for severity in SEVERITIES}
    hold, window, kept = maker.hold(config), maker.time.steps(config.window), maker.kept(config)
    took = series("scrape_duration_seconds")

    def firing(value: Decimal) -> list[Firing]:
        words = {"value": human(float(value)), "window": duration_text(config.window)}
        return [
            maker.firing(severity, {}, threshold=config.text(severity, interval), **words)
            for severity, limit in limits.items()
            if value >= limit
        ]

    for text, value in around(limits["warning"], limits["critical"]):
        yield maker.fires(text, {took: held(number(value), hold)}, config, firing(value))
    yield maker.absent(config)
    other = {'scrape_duration_seconds{instance="alertmanager:9093",job="alertmanager"}': held(60, hold)}
    yield maker.silent("says nothing of other targets", other, config)
    ends = hold + 2
    over = ends + window + kept + 1
    values = {took: f"{held(number(limits['critical']), ends - 1)} {held(0, over)}"}
    yield maker.case("ends after quick scrapes", values, [Check(ends - 1, firing(limits["critical"])), Check(over)])


def folded(maker: CaseMaker) -> Iterator[Case]:
    """SeriesFolded."""
    config, metric = maker.of("SeriesFolded"), catalog.SERIES_FOLDED.name
    hold = maker.hold(config)

    def firing(label: str, count: int) -> list[Firing]:
        return [maker.firing(config.severity, {"label": label}, value=str(count))]

    yield from maker.number(config, series(metric, label="strategy"), 1, firing("strategy", 1))
    both = {series(metric, label=label): held(7, hold) for label in ("strategy", "symbol")}
    yield maker.fires("fires for each label", both, config, [*firing("strategy", 7), *firing("symbol", 7)])
