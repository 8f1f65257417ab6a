"""The cases of books that do not add up, differ from the broker's, or cannot tell a figure."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.alerts.cases.case import Case, Check, Firing, held, series
from genesis.alerts.cases.maker import CaseMaker, hold_text
from genesis.metrics import catalog


def residual(maker: CaseMaker) -> Iterator[Case]:
    """AttributionResidual."""
    config = maker.of("AttributionResidual")
    hold = maker.hold(config)
    name = series(catalog.STRATEGY_ATTRIBUTION_RESIDUAL.name, strategy="one")
    there = {series(catalog.STRATEGY_CONFIGURED.name, strategy="one"): held(1, hold)}
    firing = [maker.firing(config.severity, {"strategy": "one"})]
    yield maker.silent("says nothing of a residual of 0", {**there, name: held(0, hold)}, config)
    for what, value in (("the smallest residual", "1e-24"), ("a residual below 0", "-5")):
        yield maker.fires(f"fires at {what}", {name: held(value, hold)}, config, firing)
    yield maker.ends(config, {name: ("0.01", "0")}, firing)
    yield maker.fires("fires for a residual that is absent without a reason", there, config, firing)
    for figure in ("attribution_residual", "all"):
        why = series(catalog.STRATEGY_UNDEFINED_INFO.name, strategy="one", figure=figure, reason="no_mark")
        yield maker.silent(f"says nothing where it is absent with a reason ({figure})", {**there, why: held(1, hold)}, config)
    other = series(catalog.STRATEGY_UNDEFINED_INFO.name, strategy="one", figure="win_rate", reason="no_round_trips")
    yield maker.fires("takes no other figure's reason", {**there, other: held(1, hold)}, config, firing)
    yield maker.absent(config)


def reconciliation(maker: CaseMaker) -> Iterator[Case]:
    """ReconciliationBreak."""
    config, metric = maker.of("ReconciliationBreak"), catalog.RECONCILIATION_OPEN_BREAKS.name

    def firing(scope: str, count: int) -> list[Firing]:
        labels = {"scope": scope} if scope else {}
        return [maker.firing(config.severity, labels, value=str(count), **({} if scope else {"scope": "the account"}))]

    whole, one = series(metric), series(metric, scope="one,two")
    yield from maker.number(config, whole, 3, firing("", 3))
    both = {whole: held(0, maker.hold(config)), one: held(2, maker.hold(config))}
    yield maker.fires("names the strategies of the statement", both, config, firing("one,two", 2))


def undefined(maker: CaseMaker) -> Iterator[Case]:
    """FiguresUndefined."""
    config = maker.of("FiguresUndefined")
    hold = maker.hold(config)

    def info(figure: str, reason: str, who: str = "one") -> str:
        return series(catalog.STRATEGY_UNDEFINED_INFO.name, strategy=who, figure=figure, reason=reason)

    def firing(reason: str, count: int, who: str = "one") -> Firing:
        return maker.firing(config.severity, {"strategy": who, "reason": reason}, value=str(count), hold=hold_text(config))

    first = config.reasons[0]
    several = {
        info("equity", first): held(1, hold),
        info("beta", first): held(1, hold),
        info("beta", first, "two"): held(1, hold),
    }
    yield maker.fires("fires once a strategy and reason", several, config, [firing(first, 2), firing(first, 1, "two")])
    each = {info(f"f{place}", reason): held(1, hold) for place, reason in enumerate(config.reasons)}
    yield maker.fires("fires for each reason", each, config, [firing(reason, 1) for reason in config.reasons])
    waits = {info("sharpe_ratio", reason): held(1, hold) for reason in ("warming_up", "no_losses", "no_baseline", "no_edge")}
    yield maker.silent("says nothing of what passes, or is as it was decided", waits, config)
    yield maker.absent(config)
    if hold:
        brief = {info("equity", first): f"{held(1, hold - 1)} stale"}
        checks = [Check(step) for step in (hold - 1, hold, hold + 1)]
        yield maker.case("says nothing of what is known again in time", brief, checks)
    kept, ends = maker.kept(config), hold + 1
    over = {info("equity", first): f"{held(1, ends - 1)} stale", series("up"): held(1, ends + kept)}
    told = [firing(first, 1)]
    last = [Check(ends + kept - 1, told)] if kept else []
    yield maker.case("ends when the figure is known", over, [Check(ends - 1, told), *last, Check(ends + kept)])
