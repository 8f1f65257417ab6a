"""The cases of drawdown, the day, the week and the month."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from genesis.alerts.cases.case import MONITOR, Case, Check, Firing, around, held, series
from genesis.alerts.cases.figure import Sample, Subject, figure_cases, firing_of, strategies, together, worst
from genesis.alerts.cases.maker import CaseMaker, hold_text
from genesis.alerts.catalog.losses import PortfolioPeriodLossAlert
from genesis.alerts.figure import ALL_SEVERITIES, SEVERITIES, overrides_of, percent
from genesis.alerts.promql import number
from genesis.metrics import catalog
from genesis.metrics.metric import Metric


def drawdown(maker: CaseMaker) -> Iterator[Case]:
    """StrategyDrawdown, and what becomes of it when the monitor is gone."""
    (figure,) = maker.alert.figures()

    def shown(who: str, value: Decimal) -> Sample:
        return {series(figure.metric, strategy=who): number(value)}

    yield from figure_cases(maker, Subject(figure, shown))
    down, ends = maker.of("MonitorDown"), maker.hold(figure.config) + 2
    gone = {one: f"{held(value, ends - 1)} stale" for one, value in together(shown, worst(figure)).items()}
    gone[series("up")] = f"{held(1, ends - 1)} {held(0, ends + maker.kept(figure.config))}"
    at = ends + maker.hold(down)
    name = "outlives the monitor until MonitorDown mutes its end"
    yield maker.case(name, gone, [Check(at, firing_of(maker, figure, worst(figure)))])
    muting = CaseMaker(maker.settings.configured(maker.limits)["MonitorDown"], maker.settings)
    yield muting.case(name, gone, [Check(at, [muting.firing_elsewhere(down.severity, MONITOR, hold=hold_text(down))])])


def drawdown_unknown(maker: CaseMaker) -> Iterator[Case]:
    """DrawdownUnknown."""
    config = maker.of("DrawdownUnknown")
    hold = maker.hold(config)
    capital = series(catalog.STRATEGY_CAPITAL.name, strategy="one")
    ratio = series(catalog.STRATEGY_DRAWDOWN_RATIO.name, strategy="one")
    failed = {"strategy": "one", "figure": "all", "reason": "error"}
    firing = [maker.firing(config.severity, {"strategy": "one"})]
    yield maker.fires("fires for capital without a drawdown", {capital: held(5000, hold)}, config, firing)
    known = {capital: held(5000, hold), ratio: held(0, hold)}
    yield maker.silent("says nothing of a drawdown of zero", known, config)
    info = {series(catalog.STRATEGY_UNDEFINED_INFO.name, **failed): held(1, hold)}
    yield maker.fires("fires for a strategy whose book failed", info, config, [maker.firing(config.severity, failed)])
    yield maker.absent(config)
    later = hold + 2 + maker.kept(config)
    back = {capital: held(5000, 2 * later), ratio: f"{'_ ' * (hold + 2)}{held(0, later)}"}
    yield maker.case("ends when the drawdown is known", back, [Check(hold + 1, firing), Check(later)])


def daily_loss_unknown(maker: CaseMaker) -> Iterator[Case]:
    """DailyLossUnknown."""
    config = maker.of("DailyLossUnknown")
    hold, capital = maker.hold(config), series(catalog.PORTFOLIO_CAPITAL.name)

    def info(figure: str, reason: str) -> tuple[str, list[Firing]]:
        labels = {"figure": figure, "reason": reason}
        told = maker.firing(config.severity, labels, hold=hold_text(config))
        return series(catalog.PORTFOLIO_UNDEFINED_INFO.name, **labels), [told]

    small, firing = info("daily_loss_used_ratio", "below_smallest_tier")
    yield maker.fires("fires for capital below all tiers", {capital: held(300, hold), small: held(1, hold)}, config, firing)
    failed, all_gone = info("all", "strategy_error")
    yield maker.fires("fires for an account that is not known at all", {failed: held(1, hold)}, config, all_gone)
    empty = {capital: held(0, hold), small: held(1, hold)}
    yield maker.silent("says nothing of an account that has no capital yet", empty, config)
    other, _ = info("sharpe_ratio", "warming_up")
    yield maker.silent("takes no other figure's reason", {capital: held(300, hold), other: held(1, hold)}, config)
    yield maker.absent(config)
    kept, ends = maker.kept(config), hold + 1
    over = {capital: held(300, ends + kept), small: f"{held(1, ends - 1)} stale"}
    last = [Check(ends + kept - 1, firing)] if kept else []
    yield maker.case("ends when the loss is known", over, [Check(ends - 1, firing), *last, Check(ends + kept)])


def daily_loss(maker: CaseMaker) -> Iterator[Case]:
    """DailyLoss."""
    config, name = maker.of("DailyLoss"), series(catalog.PORTFOLIO_DAILY_LOSS_USED_RATIO.name)

    def firing(value: Decimal) -> list[Firing]:
        return [
            maker.firing(severity, {}, value=percent(value), threshold=percent(level))
            for severity in ALL_SEVERITIES
            if value >= (level := getattr(config, severity))
        ]

    for what, value in (
        ("says nothing just below info", config.info * Decimal("0.999")),
        ("fires at info", config.info),
        ("fires info alone just below warning", config.warning - (config.warning - config.info) / 1000),
        ("fires info and warning at warning", config.warning),
        ("fires them between warning and critical", (config.warning + config.critical) / 2),
        ("fires them just below critical", config.critical - (config.critical - config.warning) / 1000),
        ("fires all at critical", config.critical),
        ("fires all above critical", config.critical * Decimal("1.5")),
    ):
        yield maker.fires(what, {name: held(number(value), maker.hold(config) + 1)}, config, firing(value))
    worst_ = 2 * config.critical
    yield maker.ends(config, {name: (number(worst_), "0")}, firing(worst_))
    yield maker.absent(config)


def period_loss(maker: CaseMaker) -> Iterator[Case]:
    """PeriodLoss."""
    metrics = (catalog.STRATEGY_PERIOD_PNL, catalog.STRATEGY_EQUITY)
    return period_cases(maker, maker.of("PeriodLoss"), *metrics, of_strategy=True)


def period_cases(
    maker: CaseMaker, config: PortfolioPeriodLossAlert, period_pnl: Metric, equity: Metric, *, of_strategy: bool
) -> Iterator[Case]:
    """The cases of the loss of a week and a month, a strategy's or the account's."""
    hold, start = maker.hold(config), Decimal(1024)

    def whose(who: str) -> dict[str, str]:
        return {"strategy": who} if of_strategy else {}

    def shown(who: str, period: str, loss: Decimal) -> Sample:
        other = next(name for name, _ in config.periods() if name != period)
        return {
            series(equity.name, **whose(who)): number(start * (1 - loss)),
            series(period_pnl.name, **whose(who), period=period): number(-start * loss),
            series(period_pnl.name, **whose(who), period=other): "1",
            series(period_pnl.name, **whose(who), period="day"): number(-start * loss),
        }

    def firing(who: str, period: str, loss: Decimal) -> Iterator[Firing]:
        levels = dict(config.periods())[period].levels(who)
        for severity in SEVERITIES:
            if loss >= (level := getattr(levels, severity)):
                labels = {**whose(who), "period": period}
                yield maker.firing(severity, labels, value=percent(loss), threshold=percent(level))

    for period, levels in config.periods():
        everyone = strategies(overrides_of(levels))
        for place, name in enumerate(name for name, _ in around(*levels.levels())):
            losses = {who: around(*levels.levels(who))[place][1] for who in everyone}
            made = {one: held(v, hold) for who, loss in losses.items() for one, v in shown(who, period, loss).items()}
            told = [found for who, loss in losses.items() for found in firing(who, period, loss)]
            yield maker.fires(f"{name} ({period})", made, config, told)
        gain = {one: held(value.removeprefix("-"), hold) for one, value in shown("one", period, Decimal("0.5")).items()}
        yield maker.silent(f"says nothing of a profit ({period})", gain, config)
        loss = levels.levels("one").critical
        bad, good = shown("one", period, loss), shown("one", period, Decimal(0))
        back = {one: (value, good[one].replace("-0", "0")) for one, value in bad.items()}
        yield maker.ends(config, back, list(firing("one", period, loss)), f" ({period})")
        unknown = {one: held(value, hold) for one, value in list(bad.items())[1:]}
        yield maker.silent(f"says nothing without an equity ({period})", unknown, config)
    today = {one: held(v, hold) for one, v in shown("one", "week", Decimal("0.9")).items() if "week" not in one}
    yield maker.silent("says nothing of the day, whose limit is DailyLoss", today, config)
    yield maker.absent(config)
