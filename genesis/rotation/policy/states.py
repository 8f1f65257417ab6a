"""What is done at once, whatever the scores say: limits of the account, pins, hard rules; and who may come back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from genesis.core.models import StrategyState
from genesis.rotation.decision import Reason
from genesis.rotation.observation import Limits, Observation
from genesis.rotation.policy import rules
from genesis.rotation.policy.account import UNTOLD, account_known, daily_loss
from genesis.rotation.policy.candidate import TRADING, Candidate
from genesis.rotation.policy.weights import ONE, ZERO, floor
from genesis.settings.rotation import RotationSettings


def judge(settings: RotationSettings, seen: Observation, case: Candidate) -> None:
    """Bring one strategy into the state that limits, its pin and the hard rules want."""
    limit = _limit(settings, seen, case.name)
    if limit is not None:
        case.limited = True
        if case.weight > ZERO:
            case.barred = case.clock
        case.pause(limit)
    elif case.pin is not None:
        _carry_out(settings, seen, case)
    elif case.state is StrategyState.STOPPED:
        _stopped(case)
    else:
        _obey_rules(settings, seen, case)


def keep_to_limits(
    settings: RotationSettings, seen: Observation, cases: Sequence[Candidate], taken_up: Collection[str]
) -> None:
    """Lower what is above a bound: of one weight, of their number, of their sum; `taken_up`: whose share is the engine's."""
    reduced = reduced_bound(settings, cases)
    for case in cases:
        if case.takes_part and case.weight > settings.allocation.max_weight:
            case.take(settings.allocation.max_weight)
            case.because("max_weight", f"no more than {settings.allocation.max_weight} for one strategy")
        if case.takes_part and case.state is StrategyState.REDUCED and _becomes_reduced(case, taken_up):
            if not case.reasons and case.weight > reduced:
                case.because("max_weight", f"no more than {reduced} for one that is reduced")
            case.take(reduced)
    if seen.limits is not None:
        _keep_number(seen.limits, cases)
    _keep_sum(ONE - settings.allocation.reserve, cases)


def resume(settings: RotationSettings, cases: Sequence[Candidate]) -> None:
    """Let those come back that have recovered, on probation; and let those go on that have been reduced for long enough."""
    for case in cases:
        if case.pin is None and not case.limited and case.state is StrategyState.PAUSED:
            _come_back(settings, case)
        elif case.takes_part and case.state is StrategyState.REDUCED and not _is_reduced(settings, case):
            _restore(settings, case)


def reduced_bound(settings: RotationSettings, cases: Iterable[Candidate]) -> Decimal:
    """The most that a reduced strategy has: a part of an equal share among those that take part."""
    count = sum(case.takes_part for case in cases)
    share = (ONE - settings.allocation.reserve) / max(1, count)
    return min(settings.allocation.max_weight, floor(settings.allocation.reduced_ratio * share))


def _becomes_reduced(case: Candidate, taken_up: Collection[str]) -> bool:
    """Whether its bound is a new one: by a rule, or because what it has was fixed by a person or by the engine until now."""
    track = case.track
    return track.share.state is not StrategyState.REDUCED or track.pinned or case.name in taken_up


def _limit(settings: RotationSettings, seen: Observation, name: str) -> Reason | None:
    if seen.limits is not None and not seen.limits.allows(name):
        return Reason("tier", f"the tier {seen.limits.tier} does not let it trade")
    used, most = daily_loss(seen), settings.daily_loss.pause_from
    if used is not None and used >= most:
        return Reason("daily_loss", f"{used:.0%} of today's limit is lost; from {most:.0%} on nothing trades")
    return None


def _carry_out(settings: RotationSettings, seen: Observation, case: Candidate) -> None:
    """Do what a person fixed, once; a weight that was not named stays as it is from then on.

    More capital waits for the limits of the account, for these stand above pins.
    """
    pin = case.pin
    if pin is None:
        return
    weight = ZERO
    if pin.state in TRADING:
        weight = case.weight if pin.weight is None else pin.weight
    waits = _waits_for_limits(settings, seen, case) if weight > case.weight else None
    if waits is not None:
        weight = case.weight
        case.because(waits.code, f"pinned at {pin.weight}, but {waits.text}")
    if pin.state is StrategyState.PAUSED and case.state is not StrategyState.PAUSED:
        case.paused = case.clock
    if weight > case.weight:
        case.raised = case.clock
    elif weight < case.weight:
        case.lowered = case.clock
    case.state, case.weight = pin.state, floor(weight)
    case.clear_since = case.probation_until = None
    case.because("pinned", f"by {pin.author}: {pin.why}")


def _waits_for_limits(settings: RotationSettings, seen: Observation, case: Candidate) -> Reason | None:
    """Why a pin's capital has to wait: a limit is not known, is near, or took it a short time ago.

    Without the last one, a loss or an equity that swings about its limit would move the capital at each decision.
    """
    used, least, cooldown = daily_loss(seen), settings.daily_loss.no_raise_from, settings.resume.cooldown.total_seconds()
    if used is None or not account_known(seen):
        return Reason("tier", "what the tier allows is not known")
    if used >= least:
        return Reason("daily_loss", f"{used:.0%} of today's limit is lost; from {least:.0%} on nothing is raised")
    if case.track.pinned and case.barred is not None and case.clock - case.barred < cooldown:
        return Reason("cooldown", f"a limit took it {case.clock - case.barred:.0f} s ago, {cooldown:g} s are due")
    return None


def _stopped(case: Candidate) -> None:
    """By the engine: nobody but a person starts it again. By a pin that is gone: it may come back like a paused one."""
    if case.track.pinned:
        case.pause(Reason("stopped", "it was pinned stopped until now"))
        return
    case.take(ZERO)
    case.because("stopped", "the engine does not let it trade")


def _obey_rules(settings: RotationSettings, seen: Observation, case: Candidate) -> None:
    pausing = list(rules.reasons(settings.rules, case.rules, case.seen, "pause"))
    if _is_stale(settings, case):
        pausing.append(Reason("stale", f"not known for {settings.stale_after.total_seconds():g} s: {', '.join(case.blind)}"))
    if pausing:
        case.pause(*pausing)
    elif case.state is StrategyState.PAUSED:
        if case.weight:
            case.because("stopped", "the engine says that it is paused: it keeps nothing")
        case.take(ZERO)
        clear = not case.unknown and not UNTOLD.intersection(seen.faults)
        case.clear_since = (case.clock if case.clear_since is None else case.clear_since) if clear else None
    elif case.state is StrategyState.ACTIVE:
        reducing = rules.reasons(settings.rules, case.rules, case.seen, "reduce")
        if reducing:
            case.state = StrategyState.REDUCED
            case.reasons += reducing


def _is_stale(settings: RotationSettings, case: Candidate) -> bool:
    if not case.alone or case.track.known is None:
        return False
    return case.clock - case.track.known >= settings.stale_after.total_seconds()


def _keep_number(limits: Limits, cases: Sequence[Candidate]) -> None:
    """Pause the worst of those that have capital, where they are too many; those that a person fixed count first."""
    holders = [case for case in cases if case.weight > ZERO]
    free = limits.max_active - sum(case.pin is not None for case in holders)
    ranked = sorted((case for case in holders if case.pin is None), key=_rank)
    for case in ranked[max(0, free) :]:
        case.limited = True
        case.pause(Reason("max_active", f"the tier {limits.tier} lets {limits.max_active} have capital at a time"))


def _rank(case: Candidate) -> tuple[float, Decimal, str]:
    """The best first; a score that is not known is the worst."""
    return 1.0 if case.score is None else -case.score, -case.weight, case.name


def _keep_sum(most: Decimal, cases: Sequence[Candidate]) -> None:
    pinned = [case for case in cases if case.pin is not None]
    others = [case for case in cases if case.pin is None]
    _scale(most, pinned)
    _scale(most - sum((case.weight for case in pinned), ZERO), others)


def _scale(most: Decimal, cases: Sequence[Candidate]) -> None:
    total = sum((case.weight for case in cases), ZERO)
    if total <= most:
        return
    for case in cases:
        weight = floor(case.weight * most / total)
        if weight < case.weight:
            case.take(weight)
            case.because("reserve", f"{total} was given out, {most} may be")


def _come_back(settings: RotationSettings, case: Candidate) -> None:
    terms, since = settings.resume, case.clear_since
    if since is None or case.clock - since < terms.after.total_seconds():
        if not case.reasons:
            case.because("recovered" if since is not None else "stale" if case.unknown else "cooldown", _waits(settings, case))
        return
    if case.paused is not None and case.clock - case.paused < terms.cooldown.total_seconds():
        case.because("cooldown", f"paused {case.clock - case.paused:.0f} s ago, {terms.cooldown.total_seconds():g} s are due")
        return
    case.state = StrategyState.REDUCED
    case.probation_until = case.clock + terms.probation.total_seconds()
    case.because("recovered", f"no rule has held for {case.clock - since:.0f} s")


def _waits(settings: RotationSettings, case: Candidate) -> str:
    if case.unknown:
        return f"not known: {', '.join(case.unknown)}"
    return f"no rule has to hold for {settings.resume.after.total_seconds():g} s"


def _is_reduced(settings: RotationSettings, case: Candidate) -> bool:
    return case.on_probation or bool(rules.reasons(settings.rules, case.rules, case.seen, "reduce"))


def _restore(settings: RotationSettings, case: Candidate) -> None:
    if case.clock - case.track.state_since >= settings.allocation.min_dwell.total_seconds():
        case.state = StrategyState.ACTIVE
        case.probation_until = None
        case.because("probation" if case.track.probation_until is not None else "recovered")
