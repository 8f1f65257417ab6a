"""What must hold of any sequence of decisions, checked without the policy's own code: from what went in and what came out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from math import isfinite

from genesis.core.allocation import Action
from genesis.core.models import StrategyState
from genesis.rotation.decision import Decision, Step
from genesis.rotation.observation import Observation, Pin
from genesis.settings.rotation import RotationSettings

ZERO = Decimal(0)
TRADING = {StrategyState.ACTIVE, StrategyState.REDUCED}


@dataclass(frozen=True)
class Made:
    """A decision and what it was made of."""

    seen: Observation
    pins: Mapping[str, Pin]
    halted: bool
    decision: Decision
    settings: RotationSettings


def violations(sequence: Iterable[Made]) -> list[str]:
    """Everything that does not hold, in words; decisions in their order, each made after the one before."""
    checker = _Checker()
    return [f"decision {index}: {fault}" for index, made in enumerate(sequence) for fault in checker.check(made)]


@dataclass
class _Checker:
    clock: float = 0.0
    time: datetime | None = None
    last: Decision | None = None
    raised: dict[str, float] = field(default_factory=dict)
    lowered: dict[str, float] = field(default_factory=dict)
    paused: dict[str, float] = field(default_factory=dict)
    barred: dict[str, float] = field(default_factory=dict)
    """When a pinned strategy last lost its capital, which only a limit of the account can take."""
    pinned: set[str] = field(default_factory=set)
    """Who was pinned at the decision before."""
    doubtful: dict[str, float] = field(default_factory=dict)
    """When it was last not certain that no rule pauses the strategy."""
    moved: list[tuple[float, Decimal]] = field(default_factory=list)

    def check(self, made: Made) -> Iterator[str]:
        went_back = self.time is not None and made.seen.time < self.time
        if self.time is not None:
            elapsed = (made.seen.time - self.time).total_seconds()
            self.clock += min(3 * made.settings.interval.total_seconds(), max(0.0, elapsed))
        steps = made.decision.steps
        yield from _form(made.decision)
        if made.decision.history.clock != self.clock:
            yield f"the clock is {made.decision.history.clock}, not {self.clock}"
        yield from self._continuity(made)
        if made.halted:
            yield from (f"{name!r} changed while halted" for name, step in steps.items() if step.before != step.after)
        else:
            yield from _bounds(made)
            yield from _known(made, went_back=went_back)
            yield from self._pinned(made)
            yield from _obeyed(made)
            yield from self._dwell(made)
            yield from self._cooldown(made)
            yield from self._turnover(made)
        self._remember(made)

    def _continuity(self, made: Made) -> Iterator[str]:
        if self.last is None or made.decision.history.mode != self.last.history.mode:
            self.paused.clear()  # another mode begins with what the engine reports
            return
        for name, step in self.last.steps.items():
            now = made.decision.steps.get(name)
            if now is None and step.after.weight > ZERO:
                yield f"{name!r} had capital and is forgotten"
            if now is not None and now.before != step.after:
                yield f"{name!r} begins with {now.before}, not with {step.after}"

    def _pinned(self, made: Made) -> Iterator[str]:
        for name, pin in made.pins.items():
            step = made.decision.steps[name]
            wanted = pin.weight if pin.weight is not None else step.before.weight if pin.state in TRADING else ZERO
            if step.after.weight > max(wanted, ZERO):
                yield f"{name!r} has more than it is pinned to"
            lost = made.seen.daily_loss_used is not None and made.seen.daily_loss_used >= made.settings.daily_loss.pause_from
            barred = made.seen.limits is not None and not made.seen.limits.allows(name)
            if not lost and not barred and step.after.state is not pin.state:
                yield f"{name!r} is {step.after.state} and pinned {pin.state}"
            scaled = any(reason.code in {"reserve", "tier", "daily_loss", "cooldown"} for reason in step.reasons)
            if not lost and not barred and not scaled and step.after.weight != wanted:
                yield f"{name!r} has {step.after.weight} and is pinned at {wanted}"
            if _up(step) and (made.seen.daily_loss_used or 0.0) >= made.settings.daily_loss.no_raise_from:
                yield f"{name!r} is raised by a pin with a daily loss of {made.seen.daily_loss_used}"
            since = self.clock - self.barred.get(name, -1e18)
            if _up(step) and name in self.pinned and since < made.settings.resume.cooldown.total_seconds():
                yield f"{name!r} is raised by a pin {since} s after a limit took what it had"

    def _dwell(self, made: Made) -> Iterator[str]:
        dwell = made.settings.allocation.min_dwell.total_seconds()
        for name, step in _free(made):
            if step.after.weight > step.before.weight and self.clock - self.lowered.get(name, -1e18) < dwell:
                yield f"{name!r} is raised {self.clock - self.lowered[name]} s after it was lowered"
            if self._voluntary(made, name, step) and self.clock - self.raised.get(name, -1e18) < dwell:
                yield f"{name!r} is lowered {self.clock - self.raised[name]} s after it was raised"

    def _cooldown(self, made: Made) -> Iterator[str]:
        cooldown = made.settings.resume.cooldown.total_seconds()
        for name, step in _free(made):
            since = self.paused.get(name)
            trades = step.after.weight > ZERO or step.after.state in TRADING
            if since is not None and self.clock - since < cooldown and trades:
                yield f"{name!r} trades {self.clock - since} s after it was paused"
            if step.before.state is StrategyState.STOPPED and step.after.state in TRADING:
                yield f"{name!r} was stopped, and trades"
            if step.before.state is StrategyState.PAUSED and step.after.state is StrategyState.ACTIVE:
                yield f"{name!r} was paused, and is not on probation"
            clear = self.clock - self.doubtful.get(name, -1e18)
            if step.before.state is StrategyState.PAUSED and trades and clear < made.settings.resume.after.total_seconds():
                yield f"{name!r} comes back {clear} s after a rule held, or was not known"

    def _turnover(self, made: Made) -> Iterator[str]:
        allocation = made.settings.allocation
        up = sum((step.after.weight - step.before.weight for _, step in _free(made) if _up(step)), ZERO)
        down = sum(
            (step.before.weight - step.after.weight for name, step in _free(made) if self._voluntary(made, name, step)), ZERO
        )
        self.moved.append((self.clock, max(up, down)))
        if max(up, down) > allocation.max_turnover_per_step:
            yield f"{max(up, down)} was moved at once"
        day = sum((amount for at, amount in self.moved if self.clock - at < 86_400), ZERO)
        if day > allocation.max_turnover_per_day:
            yield f"{day} was moved in a day"

    def _voluntary(self, made: Made, name: str, step: Step) -> bool:
        """Likewise; a strategy that is reduced when rotation takes it up, or up again, gets its bound then."""
        before = None if self.last is None or name not in self.last.steps else self.last.history
        taken_up = before is None or name in self.pinned or before.mode != made.decision.history.mode
        return _voluntary(made, name, step) and not (taken_up and step.before.state is StrategyState.REDUCED)

    def _remember(self, made: Made) -> None:
        for name, step in made.decision.steps.items():
            if _up(step):
                self.raised[name] = self.clock
            if step.after.weight < step.before.weight:
                self.lowered[name] = self.clock
            if step.after.state is StrategyState.PAUSED and step.before.state is not StrategyState.PAUSED:
                self.paused[name] = self.clock
            if name in made.pins and not made.halted:
                self.paused.pop(name, None)
                if made.pins[name].state in TRADING and step.after.state is StrategyState.PAUSED and step.before.weight > ZERO:
                    self.barred[name] = self.clock
            if made.halted or name in made.pins or _is_doubtful(made, name):
                self.doubtful[name] = self.clock
        if not made.halted:
            self.pinned = set(made.pins)
        self.time, self.last = made.seen.time, made.decision


def _form(decision: Decision) -> Iterator[str]:
    if list(decision.steps) != sorted(decision.steps):
        yield "steps are not in order"
    for name, step in decision.steps.items():
        if not step.reasons:
            yield f"{name!r} has no reason"
        if (step.action is Action.HOLD) != (step.before == step.after):
            yield f"{name!r} is {step.action} from {step.before} to {step.after}"
        if decision.history.tracks[name].share != step.after:
            yield f"{name!r} is remembered as {decision.history.tracks[name].share}"


def _bounds(made: Made) -> Iterator[str]:
    allocation, limits, steps = made.settings.allocation, made.seen.limits, made.decision.steps
    total = sum((step.after.weight for step in steps.values()), ZERO)
    if total > 1 - allocation.reserve:
        yield f"{total} is given out"
    used = made.seen.daily_loss_used
    lost = used is not None and isfinite(used) and used >= made.settings.daily_loss.pause_from
    for name, step in steps.items():
        weight = step.after.weight
        if weight < ZERO or weight != weight.quantize(Decimal("0.0001")):
            yield f"{name!r} has {weight}"
        if name not in made.pins and weight > allocation.max_weight:
            yield f"{name!r} has {weight}, more than one may"
        if name not in made.pins and step.after.state not in TRADING and weight:
            yield f"{name!r} is {step.after.state} and has {weight}"
        if weight and (lost or (limits is not None and not limits.allows(name))):
            yield f"{name!r} has {weight} against a limit of the account"
    if limits is not None:
        pinned = sum(step.after.weight > ZERO for name, step in steps.items() if name in made.pins)
        others = sum(step.after.weight > ZERO for name, step in steps.items() if name not in made.pins)
        if others > max(0, limits.max_active - pinned):
            yield f"{others} beside {pinned} pinned have capital, {limits.max_active} may"


def _known(made: Made, *, went_back: bool) -> Iterator[str]:
    """Nothing is raised unless everything that counts is known."""
    why = list(_unknown(made)) + ["a clock that went back"] * went_back
    if not why:
        return
    for name, step in _free(made):
        if _up(step):
            yield f"{name!r} is raised with {', '.join(why)}"
    for name, step in made.decision.steps.items():
        if _up(step) and made.seen.limits is None:
            yield f"{name!r} is raised, and nobody knows the tier"
    if not made.decision.blocked:
        yield f"it is not blocked with {', '.join(why)}"


def _unknown(made: Made) -> Iterator[str]:
    seen, settings = made.seen, made.settings
    yield from seen.faults
    if seen.limits is None:
        yield "no tier"
    used = seen.daily_loss_used
    if used is None or not isfinite(used) or used >= settings.daily_loss.no_raise_from:
        yield f"a daily loss of {used}"
    wanted = {rule.signal for rule in settings.rules.values()} | {term.signal for term in settings.score}
    for name, step in _free(made):
        has_or_gets = step.before.weight or step.after.weight or step.score is not None
        if has_or_gets and step.before.state in TRADING and step.after.state in TRADING:
            told = seen.strategies.get(name)
            values = told.signals if told is not None and told.fresh else {}
            if any(not isfinite(values.get(signal, float("nan"))) for signal in wanted):
                yield f"{name!r} in part"


def _free(made: Made) -> Iterator[tuple[str, Step]]:
    return ((name, step) for name, step in made.decision.steps.items() if name not in made.pins)


def _up(step: Step) -> bool:
    return step.after.weight > step.before.weight


def _voluntary(made: Made, name: str, step: Step) -> bool:
    """Whether it is lower though nothing that was seen demanded it; whatever the decision says."""
    if step.after.weight >= step.before.weight or step.after.state not in TRADING:
        return False
    allocation, steps, report = made.settings.allocation, made.decision.steps, made.seen.engine
    before = sum((one.after.weight if each in made.pins else one.before.weight for each, one in steps.items()), ZERO)
    given_up = "unconfirmed" in made.seen.faults and report is not None
    demanded = before > 1 - allocation.reserve or step.before.weight > allocation.max_weight or given_up
    return not demanded and step.before.state is step.after.state


def _obeyed(made: Made) -> Iterator[str]:
    """A rule that holds by figures that are fresh is obeyed, whatever else is wrong."""
    for name, step in _free(made):
        for code, rule in made.settings.rules.items():
            value = _value(made, name, rule.signal)
            if value is None or value < rule.at_least or rule.clears == "time":
                continue
            if step.after.state is StrategyState.ACTIVE or (rule.action == "pause" and step.after.state in TRADING):
                yield f"{name!r} is {step.after.state} against {code}"


def _is_doubtful(made: Made, name: str) -> bool:
    """Whether a figure of a rule is missing, or would make it begin."""
    values = [(rule, _value(made, name, rule.signal)) for rule in made.settings.rules.values()]
    return any(
        value is None or (rule.action == "pause" and rule.clears == "signal" and value >= rule.at_least)
        for rule, value in values
    )


def _value(made: Made, name: str, signal: str) -> float | None:
    told = made.seen.strategies.get(name)
    value = told.signals.get(signal) if told is not None and told.fresh else None
    return value if value is not None and isfinite(value) else None
