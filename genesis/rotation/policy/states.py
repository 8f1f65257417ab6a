"""Changes made at once, regardless of scores: limits of the account, pins and hard rules; and which strategies may return."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from genesis.core.models import StrategyState
from genesis.rotation.decision import Reason
from genesis.rotation.observation import Limits, Observation
from genesis.rotation.policy import rules
from genesis.rotation.policy.account import INCOMPLETE, account_known, daily_loss
from genesis.rotation.policy.candidate import TRADING, Candidate
from genesis.rotation.policy.weights import ONE, ZERO, floor
from genesis.settings.rotation import RotationSettings


def apply_limits_pins_and_rules(settings: RotationSettings, observation: Observation, candidate: Candidate) -> None:
    """Set the state of one strategy: by the limits of the account, else by its pin, else by the hard rules."""
    limit = _limit(settings, observation, candidate.name)
    if limit is not None:
        candidate.limited = True
        if candidate.weight > ZERO:
            candidate.barred = candidate.clock
        candidate.pause(limit)
    elif candidate.pin is not None:
        _apply_pin(settings, observation, candidate)
    elif candidate.state is StrategyState.STOPPED:
        _apply_stop(candidate)
    else:
        _apply_rules(settings, observation, candidate)


def keep_to_limits(
    settings: RotationSettings, observation: Observation, candidates: Sequence[Candidate], taken_over: Collection[str]
) -> None:
    """Lower weights above a bound: the bound of one weight, of the number of strategies, and of the sum.

    `taken_over`: the strategies whose share was taken over from the engine in this decision.
    """
    reduced = reduced_bound(settings, candidates)
    for candidate in candidates:
        if candidate.takes_part and candidate.weight > settings.allocation.max_weight:
            candidate.lower_to(settings.allocation.max_weight)
            candidate.because("max_weight", f"no more than {settings.allocation.max_weight} for one strategy")
        if candidate.takes_part and candidate.state is StrategyState.REDUCED and _becomes_reduced(candidate, taken_over):
            if not candidate.reasons and candidate.weight > reduced:
                candidate.because("max_weight", f"no more than {reduced} for one that is reduced")
            candidate.lower_to(reduced)
    if observation.limits is not None:
        _keep_number(observation.limits, candidates)
    _keep_sum(ONE - settings.allocation.reserve, candidates)


def resume(settings: RotationSettings, candidates: Sequence[Candidate]) -> None:
    """Resume recovered strategies on probation, and restore those that were reduced for long enough."""
    for candidate in candidates:
        if candidate.pin is None and not candidate.limited and candidate.state is StrategyState.PAUSED:
            _resume_if_recovered(settings, candidate)
        elif candidate.takes_part and candidate.state is StrategyState.REDUCED and not _is_reduced(settings, candidate):
            _restore_after_dwell(settings, candidate)


def reduced_bound(settings: RotationSettings, candidates: Iterable[Candidate]) -> Decimal:
    """The highest weight of a reduced strategy: a part of an equal share among those whose weight the scores decide."""
    count = sum(candidate.takes_part for candidate in candidates)
    share = (ONE - settings.allocation.reserve) / max(1, count)
    return min(settings.allocation.max_weight, floor(settings.allocation.reduced_ratio * share))


def _becomes_reduced(candidate: Candidate, taken_over: Collection[str]) -> bool:
    """Whether the bound applies for the first time: by a rule, or because a pin or the engine set the weight until now."""
    track = candidate.track
    return track.share.state is not StrategyState.REDUCED or track.pinned or candidate.name in taken_over


def _limit(settings: RotationSettings, observation: Observation, name: str) -> Reason | None:
    if observation.limits is not None and not observation.limits.allows(name):
        return Reason("tier", f"the tier {observation.limits.tier} does not let it trade")
    used, most = daily_loss(observation), settings.daily_loss.pause_from
    if used is not None and used >= most:
        return Reason("daily_loss", f"{used:.0%} of today's limit is lost; from {most:.0%} on nothing trades")
    return None


def _apply_pin(settings: RotationSettings, observation: Observation, candidate: Candidate) -> None:
    """Carry out a pin once; without a weight in the pin, the current weight stays.

    More capital waits for the limits of the account, which take precedence over pins.
    """
    pin = candidate.pin
    if pin is None:
        return
    weight = ZERO
    if pin.state in TRADING:
        weight = candidate.weight if pin.weight is None else pin.weight
    waits = _waits_for_limits(settings, observation, candidate) if weight > candidate.weight else None
    if waits is not None:
        weight = candidate.weight
        candidate.because(waits.code, f"pinned at {pin.weight}, but {waits.text}")
    if pin.state is StrategyState.PAUSED and candidate.state is not StrategyState.PAUSED:
        candidate.paused = candidate.clock
    if weight > candidate.weight:
        candidate.raised = candidate.clock
    elif weight < candidate.weight:
        candidate.lowered = candidate.clock
    candidate.state, candidate.weight = pin.state, floor(weight)
    candidate.clear_since = candidate.probation_until = None
    candidate.because("pinned", f"by {pin.author}: {pin.why}")


def _waits_for_limits(settings: RotationSettings, observation: Observation, candidate: Candidate) -> Reason | None:
    """Why a pin has to wait for its capital: a limit is unknown, nearly used up, or was hit within the cooldown.

    Without the cooldown, a loss or an equity that swings around its limit would move the capital at every decision.
    """
    used, least, cooldown = daily_loss(observation), settings.daily_loss.no_raise_from, settings.resume.cooldown.total_seconds()
    if used is None or not account_known(observation):
        return Reason("tier", "what the tier allows is not known")
    if used >= least:
        return Reason("daily_loss", f"{used:.0%} of today's limit is lost; from {least:.0%} on nothing is raised")
    if candidate.track.pinned and candidate.barred is not None and candidate.clock - candidate.barred < cooldown:
        return Reason("cooldown", f"a limit took it {candidate.clock - candidate.barred:.0f} s ago, {cooldown:g} s are due")
    return None


def _apply_stop(candidate: Candidate) -> None:
    """Stopped by the engine: only a person starts it again. Stopped by a removed pin: it may return like a paused one."""
    if candidate.track.pinned:
        candidate.pause(Reason("stopped", "it was pinned stopped until now"))
        return
    candidate.lower_to(ZERO)
    candidate.because("stopped", "the engine does not let it trade")


def _apply_rules(settings: RotationSettings, observation: Observation, candidate: Candidate) -> None:
    pausing = list(rules.reasons(settings.rules, candidate.rules, candidate.reading, "pause"))
    if _is_stale(settings, candidate):
        pausing.append(
            Reason(
                "stale",
                f"not known for {settings.stale_after.total_seconds():g} s: {', '.join(candidate.unknown_rule_signals)}",
            )
        )
    if pausing:
        candidate.pause(*pausing)
    elif candidate.state is StrategyState.PAUSED:
        if candidate.weight:
            candidate.because("stopped", "the engine says that it is paused: it keeps nothing")
        candidate.lower_to(ZERO)
        clear = not candidate.unknown_signals and not INCOMPLETE.intersection(observation.faults)
        candidate.clear_since = (candidate.clock if candidate.clear_since is None else candidate.clear_since) if clear else None
    elif candidate.state is StrategyState.ACTIVE:
        reducing = rules.reasons(settings.rules, candidate.rules, candidate.reading, "reduce")
        if reducing:
            candidate.state = StrategyState.REDUCED
            candidate.reasons += reducing


def _is_stale(settings: RotationSettings, candidate: Candidate) -> bool:
    if not candidate.lacks_alone or candidate.track.known is None:
        return False
    return candidate.clock - candidate.track.known >= settings.stale_after.total_seconds()


def _keep_number(limits: Limits, candidates: Sequence[Candidate]) -> None:
    """Pause the worst-scored holders of capital above the tier's number; pinned strategies keep their places."""
    holders = [candidate for candidate in candidates if candidate.weight > ZERO]
    free = limits.max_active - sum(candidate.pin is not None for candidate in holders)
    ranked = sorted((candidate for candidate in holders if candidate.pin is None), key=_rank)
    for candidate in ranked[max(0, free) :]:
        candidate.limited = True
        candidate.pause(Reason("max_active", f"the tier {limits.tier} lets {limits.max_active} have capital at a time"))


def _rank(candidate: Candidate) -> tuple[float, Decimal, str]:
    """Sort key, best first; an unknown score ranks last."""
    return 1.0 if candidate.score is None else -candidate.score, -candidate.weight, candidate.name


def _keep_sum(most: Decimal, candidates: Sequence[Candidate]) -> None:
    pinned = [candidate for candidate in candidates if candidate.pin is not None]
    others = [candidate for candidate in candidates if candidate.pin is None]
    _scale(most, pinned)
    _scale(most - sum((candidate.weight for candidate in pinned), ZERO), others)


def _scale(most: Decimal, candidates: Sequence[Candidate]) -> None:
    total = sum((candidate.weight for candidate in candidates), ZERO)
    if total <= most:
        return
    for candidate in candidates:
        weight = floor(candidate.weight * most / total)
        if weight < candidate.weight:
            candidate.lower_to(weight)
            candidate.because("reserve", f"{total} was given out, {most} may be")


def _resume_if_recovered(settings: RotationSettings, candidate: Candidate) -> None:
    conditions, since = settings.resume, candidate.clear_since
    if since is None or candidate.clock - since < conditions.after.total_seconds():
        if not candidate.reasons:
            candidate.because(
                "recovered" if since is not None else "stale" if candidate.unknown_signals else "cooldown",
                _missing_for_return(settings, candidate),
            )
        return
    if candidate.paused is not None and candidate.clock - candidate.paused < conditions.cooldown.total_seconds():
        candidate.because(
            "cooldown",
            f"paused {candidate.clock - candidate.paused:.0f} s ago, {conditions.cooldown.total_seconds():g} s are due",
        )
        return
    candidate.state = StrategyState.REDUCED
    candidate.probation_until = candidate.clock + conditions.probation.total_seconds()
    candidate.because("recovered", f"no rule has held for {candidate.clock - since:.0f} s")


def _missing_for_return(settings: RotationSettings, candidate: Candidate) -> str:
    if candidate.unknown_signals:
        return f"not known: {', '.join(candidate.unknown_signals)}"
    return f"no rule has to hold for {settings.resume.after.total_seconds():g} s"


def _is_reduced(settings: RotationSettings, candidate: Candidate) -> bool:
    return candidate.on_probation or bool(rules.reasons(settings.rules, candidate.rules, candidate.reading, "reduce"))


def _restore_after_dwell(settings: RotationSettings, candidate: Candidate) -> None:
    if candidate.clock - candidate.track.state_since >= settings.allocation.min_dwell.total_seconds():
        candidate.state = StrategyState.ACTIVE
        candidate.probation_until = None
        candidate.because("probation" if candidate.track.probation_until is not None else "recovered")
