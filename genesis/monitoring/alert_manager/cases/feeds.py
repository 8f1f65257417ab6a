"""The cases of what comes in from the market and the engine, and does not."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.core.duration import duration_text
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.cases.case import Case, Check, Firing, held, human, series
from genesis.monitoring.alert_manager.cases.maker import CaseMaker
from genesis.monitoring.alert_manager.figure import SEVERITIES


def stale(maker: CaseMaker) -> Iterator[Case]:
    """MarketDataStale."""
    config, time = maker.alerts.market_data_stale, maker.time
    hold, warning, critical = (time.steps(span) for span in (config.hold, config.warning, config.critical))
    quantity, mark = catalog.STRATEGY_POSITION_QUANTITY.name, series(catalog.MARK_TIMESTAMP_SECONDS.name, symbol="BTCUSDT")
    end = critical + hold + 2

    def firing(step: int) -> list[Firing]:
        age = human(time.seconds(step))
        return [
            maker.firing(severity, {"symbol": "BTCUSDT"}, value=age, threshold=duration_text(getattr(config, severity)))
            for severity, since in zip(SEVERITIES, (warning, critical), strict=True)
            if step >= since + hold
        ]

    def holding(amount: str, symbol: str = "BTCUSDT") -> dict[str, str]:
        return {mark: held(0, end), series(quantity, strategy="one", symbol=symbol): held(amount, end)}

    steps = sorted({max(0, warning + hold - 1), warning + hold, critical + hold - 1, critical + hold})
    checks = [Check(step, firing(step)) for step in steps]
    yield maker.case("fires for a long position, by the age of its mark", holding("0.5"), checks)
    yield maker.case("fires for a short position", holding("-0.5"), checks)
    two = {**holding("0.5"), series(quantity, strategy="two", symbol="BTCUSDT"): held(-2, end)}
    yield maker.case("fires once for a symbol that two strategies hold", two, checks)
    yield maker.case("says nothing of a symbol that nobody holds any more", holding("0"), [Check(end)])
    yield maker.case("says nothing of a symbol while another is held", holding("1", "ETHUSDT"), [Check(end)])
    yield maker.case("says nothing of a mark that is absent", dict(list(holding("1").items())[1:]), [Check(end)])
    kept = end + maker.kept(config)
    fresh = f"{held(0, end - 1)} {time.seconds(end):g}+{time.seconds(1):g}x{kept}"
    back = {mark: fresh, series(quantity, strategy="one", symbol="BTCUSDT"): held(1, 2 * kept)}
    checks = [Check(end - 1, firing(end - 1)), Check(kept)]
    yield maker.case("ends with a fresh quote, after keep_firing_for", back, checks)
