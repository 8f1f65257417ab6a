"""One move towards the target weights that the scores give, limited by turnover and dwell time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from genesis.core.models import StrategyState
from genesis.rotation.decision import Turnover
from genesis.rotation.observation import Observation
from genesis.rotation.policy.candidate import Candidate
from genesis.rotation.policy.states import reduced_bound
from genesis.rotation.policy.weights import ONE, ZERO, Bounds, filled, merits, scaled
from genesis.settings.rotation import RotationSettings


def rebalance(
    settings: RotationSettings, observation: Observation, candidates: Sequence[Candidate], done: Iterable[Turnover]
) -> Decimal:
    """Lower and raise weights towards their targets.

    Returns the turnover of this decision, as a share of the capital: the larger of all cuts and all raises.
    """
    _aim(settings, observation, candidates)
    bounds = settings.allocation
    left = bounds.max_turnover_per_day - sum((turnover.amount for turnover in done), ZERO)
    budget = max(ZERO, min(bounds.max_turnover_per_step, left))
    lowered = _lower(settings, candidates, budget)
    raised = _raise(settings, observation, candidates, budget)
    return max(lowered, raised)


def _aim(settings: RotationSettings, observation: Observation, candidates: Sequence[Candidate]) -> None:
    """Set the target of each strategy whose weight the scores decide; 0 without a place among the tier's number."""
    bounds = _bounds(settings, candidates)
    fixed = sum((candidate.weight for candidate in candidates if candidate.pin is not None), ZERO)
    budget = max(ZERO, ONE - settings.allocation.reserve - fixed)
    placed = _placed(settings, observation, candidates, bounds, budget)
    known_scores = {candidate.name: candidate.score or 0.0 for candidate in placed}
    penalty = settings.allocation.correlation_penalty
    targets, most = (
        filled(merits(known_scores, observation.correlations, penalty, unknown=unknown), bounds, budget)
        for unknown in (1.0, 0.0)
    )
    for candidate in candidates:
        if candidate.takes_part and candidate.is_new:
            candidate.because("new", "it never had a score: a person, or its engine, gives it its first capital")
        elif candidate.takes_part:
            candidate.target, candidate.most = targets.get(candidate.name, ZERO), most.get(candidate.name, ZERO)


def _bounds(settings: RotationSettings, candidates: Sequence[Candidate]) -> dict[str, Bounds]:
    allocation, reduced = settings.allocation, reduced_bound(settings, candidates)
    most = {
        candidate.name: reduced if candidate.state is StrategyState.REDUCED else allocation.max_weight
        for candidate in candidates
    }
    least = {name: min(allocation.min_weight, highest) for name, highest in most.items()}
    # A returning strategy has no recent trades and no score: it begins with the minimum weight.
    scored = {candidate.name for candidate in candidates if candidate.score is not None}
    return {name: Bounds(least[name], most[name] if name in scored else least[name] or most[name]) for name in most}


def _placed(
    settings: RotationSettings,
    observation: Observation,
    candidates: Sequence[Candidate],
    bounds: dict[str, Bounds],
    budget: Decimal,
) -> list[Candidate]:
    """The strategies that may have capital, best first: as many as the tier and the minimum weights allow."""
    margin = settings.allocation.score_margin
    ranked = sorted(
        (candidate for candidate in candidates if candidate.takes_part and not candidate.is_new),
        key=lambda candidate: _rank(candidate, margin),
    )
    if observation.limits is not None:
        pinned = sum(candidate.pin is not None and candidate.weight > ZERO for candidate in candidates)
        ranked = ranked[: max(0, observation.limits.max_active - pinned)]
    while ranked and sum((bounds[candidate.name].least for candidate in ranked), ZERO) > budget:
        ranked.pop()
    return ranked


def _rank(candidate: Candidate, margin: float) -> tuple[float, str]:
    """Sort key, best first; a strategy with capital keeps its place against one that is better by less than `margin`."""
    return -((candidate.score or 0.0) + (margin if candidate.weight > ZERO else 0.0)), candidate.name


def _lower(settings: RotationSettings, candidates: Sequence[Candidate], budget: Decimal) -> Decimal:
    wanted: dict[str, Decimal] = {}
    for candidate in candidates:
        if candidate.target is None or candidate.target >= candidate.weight:
            continue
        change = candidate.weight - candidate.target
        if change < settings.allocation.min_change and candidate.target > ZERO:
            _explain(candidate, "settled", f"target {candidate.target} is less than {settings.allocation.min_change} away")
        elif _dwells(settings, candidate, candidate.raised):
            _explain(
                candidate, "dwell", f"raised {candidate.clock - (candidate.raised or 0.0):.0f} s ago, target {candidate.target}"
            )
        else:
            wanted[candidate.name] = change
    return _apply_changes(candidates, wanted, budget, settings.allocation.min_change, -1)


def _raise(settings: RotationSettings, observation: Observation, candidates: Sequence[Candidate], budget: Decimal) -> Decimal:
    wanted: dict[str, Decimal] = {}
    for candidate in candidates:
        if candidate.target is None or candidate.most is None or candidate.target <= candidate.weight:
            continue
        # An unknown correlation lowers the targets of its two strategies, but must not raise any other strategy.
        change = min(candidate.target, candidate.most) - candidate.weight
        if change <= ZERO:
            _explain(candidate, "settled", f"target {candidate.target}, but {candidate.most} if no correlation were missing")
        elif change < settings.allocation.min_change:
            _explain(candidate, "settled", f"target {candidate.target} is less than {settings.allocation.min_change} away")
        elif _dwells(settings, candidate, candidate.lowered):
            _explain(
                candidate,
                "dwell",
                f"lowered {candidate.clock - (candidate.lowered or 0.0):.0f} s ago, target {candidate.target}",
            )
        else:
            wanted[candidate.name] = change
    free = ONE - settings.allocation.reserve - sum((candidate.weight for candidate in candidates), ZERO)
    return _apply_changes(
        candidates,
        _with_a_place(observation, candidates, wanted),
        max(ZERO, min(budget, free)),
        settings.allocation.min_change,
        1,
    )


def _with_a_place(observation: Observation, candidates: Sequence[Candidate], wanted: dict[str, Decimal]) -> dict[str, Decimal]:
    """Without the strategies that have to wait until another one gives up its place."""
    most = None if observation.limits is None else observation.limits.max_active
    holders = sum(candidate.weight > ZERO for candidate in candidates)
    kept = {}
    for candidate in sorted(
        (candidate for candidate in candidates if candidate.name in wanted), key=lambda candidate: _rank(candidate, 1.0)
    ):
        if candidate.weight == ZERO:
            if most is not None and holders >= most:
                _explain(candidate, "max_active", f"{holders} have capital, and no more than {most} may")
                continue
            holders += 1
        kept[candidate.name] = wanted[candidate.name]
    return kept


def _dwells(settings: RotationSettings, candidate: Candidate, since: float | None) -> bool:
    return since is not None and candidate.clock - since < settings.allocation.min_dwell.total_seconds()


def _apply_changes(
    candidates: Sequence[Candidate], wanted: dict[str, Decimal], most: Decimal, least: Decimal, sign: int
) -> Decimal:
    """Apply the wanted changes, scaled down to `most` in total; returns the sum of what was moved."""
    amounts = scaled(wanted, most, least)
    for candidate in candidates:
        amount = amounts.get(candidate.name, ZERO)
        if candidate.name in wanted and not amount:
            _explain(candidate, "turnover", f"nothing more may be moved now, target {candidate.target}")
        if amount:
            candidate.weight += sign * amount
            candidate.because("score", f"{_score_text(candidate)}, target {candidate.target}")
            if sign > 0:
                candidate.raised = candidate.clock
            else:
                candidate.lowered = candidate.clock
    return sum(amounts.values(), ZERO)


def _score_text(candidate: Candidate) -> str:
    return "no score yet" if candidate.score is None else f"score {candidate.score:.3f}"


def _explain(candidate: Candidate, code: str, text: str) -> None:
    if not candidate.reasons:
        candidate.because(code, text)
