"""Whether a strategy may be pinned as requested: the tier's limits take precedence over pins."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from genesis.core.errors import GenesisError
from genesis.core.models import StrategyState
from genesis.core.printing import one_line
from genesis.rotation.decision import Decision
from genesis.rotation.observation import Limits, Pin, Share
from genesis.settings.rotation import RotationSettings

NOTHING = Decimal(0)
_WITHOUT = {StrategyState.PAUSED, StrategyState.STOPPED}


class PinError(GenesisError):
    """The pin would exceed a limit; the message has the figures."""


def pinned_weight(strategy: str, pin: Pin, decision: Decision | None) -> Decimal:
    """The weight that the pin gives."""
    if pin.weight is not None:
        return pin.weight
    step = None if decision is None else decision.steps.get(strategy)
    return NOTHING if pin.state in _WITHOUT or step is None else step.after.weight


def check_pin(
    strategy: str,
    pin: Pin,
    pins: Mapping[str, Pin],
    *,
    settings: RotationSettings,
    decision: Decision | None,
    limits: Limits | None,
) -> None:
    """Check a new pin of `strategy` together with the other `pins`.

    Raises:
        PinError: a paused or stopped strategy would have capital, or the tier or the reserve does not allow the weight.
    """
    named = one_line(strategy)
    weight = pinned_weight(strategy, pin, decision)
    if pin.state in _WITHOUT and weight > NOTHING:
        raise PinError(f"pin: {named}: {pin.state.value} with a weight of {weight}: leave --weight out, or pin it as active")
    if weight == NOTHING:
        return
    if limits is not None and not limits.allows(strategy):
        allowed = ", ".join(map(one_line, sorted(limits.allowed or ()))) or "none"
        raise PinError(
            f"pin: {named}: the tier {one_line(limits.tier)} allows {allowed}: it may have a weight of 0, not {weight}"
        )
    all_pins = {**pins, strategy: pin}
    weights = {name: pinned_weight(name, each, decision) for name, each in all_pins.items()}
    total, most = sum(weights.values(), NOTHING), 1 - settings.allocation.reserve
    if total > most:
        sum_text = " + ".join(f"{one_line(name)} {each}" for name, each in sorted(weights.items()) if each)
        raise PinError(f"pin: {sum_text} = {total}: the reserve of {settings.allocation.reserve} leaves {most} in all")
    holders = sum(1 for each in weights.values() if each)
    if limits is not None and holders > limits.max_active:
        raise PinError(
            f"pin: {holders} pinned strategies would have capital, the tier {one_line(limits.tier)} allows {limits.max_active}"
        )


def share_after(strategy: str, pin: Pin, decision: Decision | None) -> Share:
    """The share that a pin gives."""
    return Share(pinned_weight(strategy, pin, decision), pin.state)
