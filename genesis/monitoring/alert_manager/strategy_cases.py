"""Rule tests of the alerts on strategies: below, at and above each threshold, overrides, too few samples, absence, the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import count
from urllib.parse import quote_plus

from genesis.core.alert_config import AlertSettings
from genesis.core.duration import duration_text
from genesis.core.strategy_alert import StrategyAlert
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.cases import (
    MONITOR,
    Case,
    Check,
    Firing,
    Timeline,
    around,
    exact_fills,
    held,
    human,
    not_before,
    series,
    until,
)
from genesis.monitoring.alert_manager.messages import annotate
from genesis.monitoring.alert_manager.promql import number
from genesis.monitoring.alert_manager.rules import SEVERITIES, percent

Values = Mapping[str, Decimal]
"""Strategy → the figure that its alert looks at."""


class StrategyCases:
    """The cases for one configuration."""

    def __init__(self, settings: AlertSettings) -> None:
        self._settings = settings
        self._alerts = settings.alerts
        self._time = Timeline(settings.evaluation_interval)

    def all(self) -> Iterator[Case]:
        yield from self._drawdown()
        yield from self._daily_loss()
        yield from self._slippage()
        yield from self._stale()
        yield from self._unknown()
        yield from self._residual()

    def _drawdown(self) -> Iterator[Case]:
        alert, config = "StrategyDrawdown", self._alerts.strategy_drawdown
        metric, hold = catalog.STRATEGY_DRAWDOWN_RATIO.name, self._time.steps(config.hold)
        for name, values in _levels(config):
            shown = {series(metric, strategy=who): held(number(value), hold + 1) for who, value in values.items()}
            checks = [*not_before(hold), Check(hold, self._of_strategies(alert, config, values))]
            yield Case(alert, name, shown, checks)
        worst = {who: 2 * config.levels(who).critical for who in _strategies(config)}
        firing = self._of_strategies(alert, config, worst)
        ends = hold + 2
        kept = ends + self._time.steps(config.keep_firing_for)
        back = {
            series(metric, strategy=who): f"{held(number(value), ends - 1)} {held(0, kept)}" for who, value in worst.items()
        }
        yield Case(alert, "ends after keep_firing_for", back, [*until(ends, kept, firing), Check(kept)])
        yield Case(alert, "says nothing of a figure that is absent", {series("up"): held(1, hold)}, [Check(hold)])
        down = self._time.steps(self._alerts.monitor_down.hold)
        gone = {series(metric, strategy=who): f"{held(number(value), ends - 1)} stale" for who, value in worst.items()}
        gone[series("up")] = f"{held(1, ends - 1)} {held(0, kept)}"
        down_firing = [Firing({**MONITOR, "severity": self._alerts.monitor_down.severity}, self._down_text())]
        still = Case(alert, "outlives the monitor until MonitorDown mutes its end", gone, [Check(ends + down, firing)])
        yield still
        yield replace(still, alert="MonitorDown", checks=[Check(ends + down, down_firing)])

    def _daily_loss(self) -> Iterator[Case]:
        alert, config = "DailyLoss", self._alerts.daily_loss
        name, hold = series(catalog.PORTFOLIO_DAILY_LOSS_USED_RATIO.name), self._time.steps(config.hold)

        def firing(value: Decimal) -> list[Firing]:
            return [
                self._firing(alert, severity, {}, percent(value), percent(getattr(config, severity)))
                for severity in SEVERITIES
                if value >= getattr(config, severity)
            ]

        for what, value in around(config.warning, config.critical):
            checks = [*not_before(hold), Check(hold, firing(value))]
            yield Case(alert, what, {name: held(number(value), hold + 1)}, checks)
        ends = hold + 2
        kept = ends + self._time.steps(config.keep_firing_for)
        worst = 2 * config.critical
        values = f"{held(number(worst), ends - 1)} {held(0, kept)}"
        yield Case(alert, "ends after keep_firing_for", {name: values}, [*until(ends, kept, firing(worst)), Check(kept)])
        yield Case(alert, "says nothing of a figure that is absent", {series("up"): held(1, hold)}, [Check(hold)])

    def _slippage(self) -> Iterator[Case]:
        alert, config = "SlippageHigh", self._alerts.slippage_high
        hold = self._time.steps(config.hold) + 1
        for name, means in _levels(config):
            shown: dict[str, str] = {}
            for who, mean in means.items():
                shown |= self._fills(who, exact_fills(mean, config.min_fills), mean)
            checks = [*not_before(hold), Check(hold, self._of_strategies(alert, config, means))]
            yield Case(alert, name, shown, checks)
        worst = {who: 10 * config.levels(who).critical for who in _strategies(config)}
        few: dict[str, str] = {}
        netted: dict[str, str] = {}
        many: dict[str, str] = {}
        for who, mean in worst.items():
            few |= self._fills(who, config.min_fills - 1, mean)
            netted |= self._fills(who, config.min_fills, mean, favourable=mean)
            many |= self._fills(who, exact_fills(mean, config.min_fills), mean)
        yield Case(alert, "says nothing of too few fills", few, [Check(hold), Check(hold + 1)])
        yield Case(alert, "counts better fills against worse ones", netted, [Check(hold), Check(hold + 1)])
        yield Case(alert, "says nothing of a figure that is absent", {series("up"): held(1, hold)}, [Check(hold)])
        # The last step with the burst in the window depends on whether Prometheus counts the window's left edge (2.x does).
        last = config.window // self._time.interval - 1 + self._time.steps(config.keep_firing_for)
        over = self._time.steps(config.window) + 1 + self._time.steps(config.keep_firing_for)
        checks = [Check(last, self._of_strategies(alert, config, worst)), Check(over)]
        yield Case(alert, "ends when the fills have left the window", many, checks)

    def _stale(self) -> Iterator[Case]:
        alert, config = "MarketDataStale", self._alerts.market_data_stale
        hold, warning, critical = (self._time.steps(span) for span in (config.hold, config.warning, config.critical))
        quantity, mark = catalog.STRATEGY_POSITION_QUANTITY.name, series(catalog.MARK_TIMESTAMP_SECONDS.name, symbol="BTCUSDT")
        end = critical + hold + 2

        def firing(step: int) -> list[Firing]:
            age = self._time.seconds(step)
            return [
                self._firing(alert, severity, {"symbol": "BTCUSDT"}, human(age), duration_text(getattr(config, severity)))
                for severity, since in zip(SEVERITIES, (warning, critical), strict=True)
                if step >= since + hold
            ]

        def holding(amount: str, symbol: str = "BTCUSDT") -> dict[str, str]:
            return {mark: held(0, end), series(quantity, strategy="one", symbol=symbol): held(amount, end)}

        steps = sorted({max(0, warning + hold - 1), warning + hold, critical + hold - 1, critical + hold})
        checks = [Check(step, firing(step)) for step in steps]
        yield Case(alert, "fires for a long position, by the age of its mark", holding("0.5"), checks)
        yield Case(alert, "fires for a short position", holding("-0.5"), checks)
        two = {**holding("0.5"), series(quantity, strategy="two", symbol="BTCUSDT"): held(-2, end)}
        yield Case(alert, "fires once for a symbol that two strategies hold", two, checks)
        yield Case(alert, "says nothing of a symbol that nobody holds any more", holding("0"), [Check(end)])
        yield Case(alert, "says nothing of a symbol while another is held", holding("1", "ETHUSDT"), [Check(end)])
        yield Case(alert, "says nothing of a mark that is absent", dict(list(holding("1").items())[1:]), [Check(end)])
        kept = end + self._time.steps(config.keep_firing_for)
        fresh = f"{held(0, end - 1)} {self._time.seconds(end):g}+{self._time.seconds(1):g}x{kept}"
        back = {mark: fresh, series(quantity, strategy="one", symbol="BTCUSDT"): held(1, 2 * kept)}
        yield Case(
            alert, "ends with a fresh quote, after keep_firing_for", back, [Check(end - 1, firing(end - 1)), Check(kept)]
        )

    def _unknown(self) -> Iterator[Case]:
        alert, config = "DrawdownUnknown", self._alerts.drawdown_unknown
        hold = self._time.steps(config.hold)
        capital = series(catalog.STRATEGY_CAPITAL.name, strategy="one")
        drawdown = series(catalog.STRATEGY_DRAWDOWN_RATIO.name, strategy="one")
        failed = {"strategy": "one", "figure": "all", "reason": "error"}

        def firing(labels: dict[str, str]) -> list[Firing]:
            return [self._firing(alert, config.severity, labels)]

        unknown = [*not_before(hold), Check(hold, firing({"strategy": "one"}))]
        yield Case(alert, "fires for capital without a drawdown", {capital: held(5000, hold)}, unknown)
        known = {capital: held(5000, hold), drawdown: held(0, hold)}
        yield Case(alert, "says nothing of a drawdown of zero", known, [Check(hold)])
        info = {series(catalog.STRATEGY_UNDEFINED_INFO.name, **failed): held(1, hold)}
        yield Case(alert, "fires for a strategy whose book failed", info, [Check(hold, firing(failed))])

    def _residual(self) -> Iterator[Case]:
        alert, config = "AttributionResidual", self._alerts.attribution_residual
        hold, kept = self._time.steps(config.hold), self._time.steps(config.keep_firing_for)
        residual = series(catalog.STRATEGY_ATTRIBUTION_RESIDUAL.name, strategy="one")
        there = {series(catalog.STRATEGY_CONFIGURED.name, strategy="one"): held(1, hold)}
        firing = [self._firing(alert, config.severity, {"strategy": "one"})]
        fires = [*not_before(hold), Check(hold, firing)]
        yield Case(alert, "says nothing of a residual of 0", {**there, residual: held(0, hold)}, [Check(hold)])
        for what, value in (("the smallest residual", "1e-24"), ("a residual below 0", "-5")):
            yield Case(alert, f"fires at {what}", {residual: held(value, hold)}, fires)
        ends = f"{held('0.01', hold)} {held(0, kept + 1)}"
        yield Case(alert, "ends after keep_firing_for", {residual: ends}, [Check(hold, firing), Check(hold + kept + 1)])
        yield Case(alert, "fires for a residual that is absent without a reason", there, fires)
        for figure in ("attribution_residual", "all"):
            why = series(catalog.STRATEGY_UNDEFINED_INFO.name, strategy="one", figure=figure, reason="no_mark")
            name = f"says nothing where it is absent with a reason ({figure})"
            yield Case(alert, name, {**there, why: held(1, hold)}, [Check(hold)])
        other = series(catalog.STRATEGY_UNDEFINED_INFO.name, strategy="one", figure="win_rate", reason="no_round_trips")
        yield Case(alert, "takes no other figure's reason", {**there, other: held(1, hold)}, fires)

    def _fills(self, who: str, fills: int, mean: Decimal, favourable: Decimal = Decimal(0)) -> dict[str, str]:
        """Counters that start at 0, and take in `fills` fills at step 1: all worse by `mean`, and if given as many better."""
        name, end = catalog.STRATEGY_SLIPPAGE_RATIO.name, 2 * self._time.steps(self._settings.alerts.slippage_high.window)

        def counter(part: str, direction: str, value: object) -> dict[str, str]:
            return {series(f"{name}_{part}", strategy=who, direction=direction): f"0 {held(value, end)}"}

        return {
            **counter("sum", "adverse", repr(float(mean) * fills)),
            **counter("count", "adverse", fills),
            **counter("sum", "favourable", repr(float(favourable) * fills)),
            **counter("count", "favourable", fills if favourable else 0),
        }

    def _of_strategies(self, alert: str, config: StrategyAlert, values: Values) -> list[Firing]:
        return [
            self._firing(alert, severity, {"strategy": who}, percent(value), percent(getattr(config.levels(who), severity)))
            for who, value in values.items()
            for severity in SEVERITIES
            if value >= getattr(config.levels(who), severity)
        ]

    def _firing(self, alert: str, severity: str, labels: dict[str, str], value: str = "", threshold: str = "") -> Firing:
        words = {
            "severity": severity,
            "value": value,
            "threshold": threshold,
            "window": duration_text(self._alerts.slippage_high.window),
            **labels,
        }
        address = quote_plus(labels["strategy"]) if "strategy" in labels else None
        text = annotate(alert, words, self._settings.links, address)
        return Firing({**labels, **MONITOR, "severity": severity}, text)

    def _down_text(self) -> dict[str, str]:
        return annotate("MonitorDown", {"hold": duration_text(self._alerts.monitor_down.hold)}, self._settings.links)


def _strategies(config: StrategyAlert) -> list[str]:
    """Every strategy with an override, and one without."""
    plain = next(name for number in count() if (name := f"strategy_{number}") not in config.overrides)
    return [plain, *config.overrides]


def _levels(config: StrategyAlert) -> Iterator[tuple[str, Values]]:
    """Name of a case → each strategy at the same place among its own thresholds."""
    for place in range(len(around(Decimal(1), Decimal(2)))):
        near = {who: around(*config.levels(who))[place] for who in _strategies(config)}
        yield next(iter(near.values()))[0], {who: value for who, (_, value) in near.items()}
