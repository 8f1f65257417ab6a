"""The cases of the rotation controller."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from genesis.alerts.cases.case import ROTATION, Case, Check, Firing, held, series, series_of
from genesis.alerts.cases.maker import CaseMaker, hold_text
from genesis.alerts.figure import SEVERITIES, percent, plain
from genesis.core.duration import duration_text
from genesis.metrics import catalog

_LAST_DECISION = series_of(ROTATION, catalog.ROTATION_LAST_DECISION_TIMESTAMP_SECONDS.name)
_INTERVAL = series_of(ROTATION, catalog.ROTATION_INTERVAL_SECONDS.name)
_ENFORCING = series_of(ROTATION, catalog.ROTATION_ENFORCING.name)


def down(maker: CaseMaker) -> Iterator[Case]:
    """RotationDown."""
    config, up = maker.of("RotationDown"), series_of(ROTATION, "up")
    hold, firing = maker.hold(config), [maker.firing_elsewhere(config.severity, ROTATION, hold=hold_text(config))]
    yield maker.fires("fires when the controller cannot be read", {up: held(0, hold)}, config, firing)
    yield maker.silent("says nothing while it answers", {up: held(1, hold)}, config)
    yield maker.silent("says nothing where there is none, whatever else is down", {series("up"): held(0, hold)}, config)
    yield maker.ends(config, {up: ("0", "1")}, firing)


def stuck(maker: CaseMaker) -> Iterator[Case]:
    """RotationStuck."""
    config, time = maker.of("RotationStuck"), maker.time
    hold, kept = maker.hold(config), maker.kept(config)
    interval = time.seconds(2)

    def firing(step: int) -> list[Firing]:
        """What fires without a decision since step 0."""
        age = plain(Decimal(time.seconds(step) / interval))
        return [
            maker.firing_elsewhere(severity, ROTATION, value=age, threshold=plain(getattr(config, severity)))
            for severity in SEVERITIES
            if step >= since[severity] + hold
        ]

    since = {severity: _first_step(maker, getattr(config, severity), interval) for severity in SEVERITIES}
    warning, critical = since.values()
    end = critical + hold + 1
    never = {_LAST_DECISION: held(0, end), _INTERVAL: held(interval, end)}
    steps = sorted({warning + hold - 1, warning + hold, critical + hold - 1, critical + hold})
    yield maker.case("fires by the age of the last decision", never, [Check(step, firing(step)) for step in steps])
    often = {_LAST_DECISION: f"0+{time.seconds(1):g}x{end}", _INTERVAL: held(interval, end)}
    yield maker.case("says nothing while it decides", often, [Check(step) for step in (warning + hold, end)])
    for name, missing in (("before the first decision", _LAST_DECISION), ("without an interval", _INTERVAL)):
        shown = {one: values for one, values in never.items() if one != missing}
        yield maker.case(f"says nothing {name}", shown, [Check(end)])
    yield maker.absent(config)
    again, over = time.seconds(end + 1), end + 1 + kept
    back = {_LAST_DECISION: f"{held(0, end)} {again:g}+{time.seconds(1):g}x{over}", _INTERVAL: held(interval, 2 * over)}
    yield maker.case("ends with the next decision", back, [Check(end, firing(end)), Check(over)])


def blocked(maker: CaseMaker) -> Iterator[Case]:
    """RotationBlocked."""
    config, name = maker.of("RotationBlocked"), catalog.ROTATION_BLOCKED_INFO.name
    hold, kept = maker.hold(config), maker.kept(config)
    why = [series_of(ROTATION, name, reason=reason) for reason in ("stale", "unconfirmed")]

    def firing(reason: str) -> Firing:
        return maker.firing_elsewhere(config.severity, {**ROTATION, "reason": reason}, hold=duration_text(config.hold))

    yield maker.fires("fires with its reason", {why[0]: held(1, hold)}, config, [firing("stale")])
    both = dict.fromkeys(why, held(1, hold))
    yield maker.fires("fires for each reason", both, config, [firing("stale"), firing("unconfirmed")])
    warming = {series_of(ROTATION, name, reason="warming_up"): held(1, hold)}
    yield maker.silent("says nothing of strategies that are new", warming, config)
    yield maker.absent(config)
    if hold > 1:
        brief = {why[0]: f"{held(1, hold - 1)} stale"}
        yield maker.case("says nothing of a block that ends in time", brief, [Check(hold), Check(hold + 1)])
    over = hold + 2 + kept
    ending = {why[0]: f"{held(1, hold + 1)} stale", series("up"): held(1, over)}
    yield maker.case("ends with the block", ending, [Check(over - 1, [firing("stale")]), Check(over)])


def disagrees(maker: CaseMaker) -> Iterator[Case]:
    """RotationDisagrees."""
    config = maker.of("RotationDisagrees")
    hold, tolerance = maker.hold(config), config.tolerance

    def told(engine: Decimal, target: Decimal, *, enforcing: int = 1, strategy: str = "one") -> dict[str, str]:
        weights = {catalog.ROTATION_ENGINE_WEIGHT_RATIO: engine, catalog.ROTATION_TARGET_WEIGHT_RATIO: target}
        shown = {series_of(ROTATION, metric.name, strategy=strategy): held(weight, hold) for metric, weight in weights.items()}
        return {**shown, _ENFORCING: held(enforcing, hold)}

    def firing(strategy: str, by: Decimal) -> list[Firing]:
        words = {"value": percent(by), "tolerance": percent(tolerance)}
        return [maker.firing_elsewhere(config.severity, {**ROTATION, "strategy": strategy}, **words)]

    none, less = Decimal(0), tolerance * Decimal("0.999")
    yield maker.fires("fires when the engine gives more", told(tolerance, none), config, firing("one", tolerance))
    yield maker.fires("fires when the engine gives less", told(none, tolerance), config, firing("one", tolerance))
    yield maker.silent("says nothing just within the tolerance", told(less, none), config)
    yield maker.silent("says nothing of equal weights", told(tolerance, tolerance), config)
    yield maker.silent("says nothing where rotation only advises", told(tolerance, none, enforcing=0), config)
    two = {**told(tolerance, none), **told(none, none, strategy="two")}
    yield maker.fires("fires for the strategy that differs", two, config, firing("one", tolerance))
    for name, missing in (
        ("the engine reports", "engine"),
        ("rotation decided on", "target"),
        ("rotation enforces", "enforcing"),
    ):
        shown = {one: values for one, values in told(tolerance, none).items() if f"_{missing}" not in one}
        yield maker.silent(f"says nothing of what nobody knows whether {name}", shown, config)
    yield maker.absent(config)
    bad, good = told(tolerance, none), told(none, none)
    values = {one: (bad[one].partition("+")[0], good[one].partition("+")[0]) for one in bad}
    yield maker.ends(config, values, firing("one", tolerance))


def halted(maker: CaseMaker) -> Iterator[Case]:
    """RotationHalted."""
    config, name = maker.of("RotationHalted"), series_of(ROTATION, catalog.ROTATION_HALTED.name)
    yield from maker.number(config, name, 1, [maker.firing_elsewhere(config.severity, ROTATION, hold=hold_text(config))])


def leaderless(maker: CaseMaker) -> Iterator[Case]:
    """RotationLeaderless."""
    config, name = maker.of("RotationLeaderless"), catalog.ROTATION_LEADING.name
    hold, other = maker.hold(config), {**ROTATION, "instance": "other"}
    one, two = series_of(ROTATION, name), series_of(other, name)
    firing = [maker.firing_elsewhere(config.severity, ROTATION, hold=hold_text(config))]
    both = [*firing, maker.firing_elsewhere(config.severity, other, hold=hold_text(config))]
    yield maker.fires("fires when the only one waits", {one: held(0, hold)}, config, firing)
    yield maker.fires("fires for each when both wait", {one: held(0, hold), two: held(0, hold)}, config, both)
    yield maker.silent("says nothing while it leads", {one: held(1, hold)}, config)
    yield maker.silent("says nothing while the other one leads", {one: held(0, hold), two: held(1, hold)}, config)
    yield maker.absent(config)
    yield maker.ends(config, {one: ("0", "1")}, firing)


def _first_step(maker: CaseMaker, level: Decimal, interval: float) -> int:
    """The first step at which `level` intervals have passed since step 0, in the floats that Prometheus divides."""
    step = 0
    while maker.time.seconds(step) / interval < float(level):
        step += 1
    return step
