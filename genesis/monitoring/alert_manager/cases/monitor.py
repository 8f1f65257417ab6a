"""The cases of the monitor itself."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.cases.case import MONITOR, Case, Check, held, not_before, series
from genesis.monitoring.alert_manager.cases.maker import CaseMaker, hold_text
from genesis.monitoring.alert_manager.rules import JOB

_UP = series("up")
_ACCOUNTS = series(catalog.COLLECTOR_SUCCESS.name, group="accounts")


def down(maker: CaseMaker) -> Iterator[Case]:
    """MonitorDown."""
    config = maker.alerts.monitor_down
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
    config = maker.alerts.collector_failing
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
