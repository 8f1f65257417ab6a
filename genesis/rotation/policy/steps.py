"""One step towards what the scores amount to: no more than the turnover allows, and not back before the dwell time is over."""

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


def move(settings: RotationSettings, seen: Observation, cases: Sequence[Candidate], done: Iterable[Turnover]) -> Decimal:
    """Lower and raise weights towards their targets; what was moved, as a share of the capital."""
    _aim(settings, seen, cases)
    bounds = settings.allocation
    left = bounds.max_turnover_per_day - sum((one.amount for one in done), ZERO)
    budget = max(ZERO, min(bounds.max_turnover_per_step, left))
    lowered = _lower(settings, cases, budget)
    raised = _raise(settings, seen, cases, budget)
    return max(lowered, raised)


def _aim(settings: RotationSettings, seen: Observation, cases: Sequence[Candidate]) -> None:
    """Give each strategy that takes part its target; those without a place among the tier's number have none."""
    bounds = _bounds(settings, cases)
    fixed = sum((case.weight for case in cases if case.pin is not None), ZERO)
    budget = max(ZERO, ONE - settings.allocation.reserve - fixed)
    placed = _placed(settings, seen, cases, bounds, budget)
    told = {case.name: case.score or 0.0 for case in placed}
    penalty = settings.allocation.correlation_penalty
    targets, most = (
        filled(merits(told, seen.correlations, penalty, unknown=unknown), bounds, budget) for unknown in (1.0, 0.0)
    )
    for case in cases:
        if case.takes_part and case.is_new:
            case.because("new", "it never had a score: a person, or its engine, gives it its first capital")
        elif case.takes_part:
            case.target, case.most = targets.get(case.name, ZERO), most.get(case.name, ZERO)


def _bounds(settings: RotationSettings, cases: Sequence[Candidate]) -> dict[str, Bounds]:
    allocation, reduced = settings.allocation, reduced_bound(settings, cases)
    most = {case.name: reduced if case.state is StrategyState.REDUCED else allocation.max_weight for case in cases}
    least = {name: min(allocation.min_weight, highest) for name, highest in most.items()}
    # One that comes back had no trades to be scored by: it begins with the least.
    scored = {case.name for case in cases if case.score is not None}
    return {name: Bounds(least[name], most[name] if name in scored else least[name] or most[name]) for name in most}


def _placed(
    settings: RotationSettings, seen: Observation, cases: Sequence[Candidate], bounds: dict[str, Bounds], budget: Decimal
) -> list[Candidate]:
    """Those that may have capital: as many as the tier and the least weights allow, the best first."""
    margin = settings.allocation.score_margin
    ranked = sorted((case for case in cases if case.takes_part and not case.is_new), key=lambda case: _rank(case, margin))
    if seen.limits is not None:
        pinned = sum(case.pin is not None and case.weight > ZERO for case in cases)
        ranked = ranked[: max(0, seen.limits.max_active - pinned)]
    while ranked and sum((bounds[case.name].least for case in ranked), ZERO) > budget:
        ranked.pop()
    return ranked


def _rank(case: Candidate, margin: float) -> tuple[float, str]:
    """The best first; one that has capital keeps its place against one that is hardly better."""
    return -((case.score or 0.0) + (margin if case.weight > ZERO else 0.0)), case.name


def _lower(settings: RotationSettings, cases: Sequence[Candidate], budget: Decimal) -> Decimal:
    wishes: dict[str, Decimal] = {}
    for case in cases:
        if case.target is None or case.target >= case.weight:
            continue
        wish = case.weight - case.target
        if wish < settings.allocation.min_change and case.target > ZERO:
            _say(case, "settled", f"target {case.target} is less than {settings.allocation.min_change} away")
        elif _dwells(settings, case, case.raised):
            _say(case, "dwell", f"raised {case.clock - (case.raised or 0.0):.0f} s ago, target {case.target}")
        else:
            wishes[case.name] = wish
    return _moved(cases, wishes, budget, settings.allocation.min_change, -1)


def _raise(settings: RotationSettings, seen: Observation, cases: Sequence[Candidate], budget: Decimal) -> Decimal:
    wishes: dict[str, Decimal] = {}
    for case in cases:
        if case.target is None or case.most is None or case.target <= case.weight:
            continue
        wish = min(case.target, case.most) - case.weight  # a pair that is not known takes from the two, and gives to nobody
        if wish <= ZERO:
            _say(case, "settled", f"target {case.target}, but {case.most} if no correlation were missing")
        elif wish < settings.allocation.min_change:
            _say(case, "settled", f"target {case.target} is less than {settings.allocation.min_change} away")
        elif _dwells(settings, case, case.lowered):
            _say(case, "dwell", f"lowered {case.clock - (case.lowered or 0.0):.0f} s ago, target {case.target}")
        else:
            wishes[case.name] = wish
    free = ONE - settings.allocation.reserve - sum((case.weight for case in cases), ZERO)
    return _moved(cases, _with_a_place(seen, cases, wishes), max(ZERO, min(budget, free)), settings.allocation.min_change, 1)


def _with_a_place(seen: Observation, cases: Sequence[Candidate], wishes: dict[str, Decimal]) -> dict[str, Decimal]:
    """Without those that have to wait until another one has given its place up."""
    most = None if seen.limits is None else seen.limits.max_active
    holders = sum(case.weight > ZERO for case in cases)
    kept = {}
    for case in sorted((case for case in cases if case.name in wishes), key=lambda case: _rank(case, 1.0)):
        if case.weight == ZERO:
            if most is not None and holders >= most:
                _say(case, "max_active", f"{holders} have capital, and no more than {most} may")
                continue
            holders += 1
        kept[case.name] = wishes[case.name]
    return kept


def _dwells(settings: RotationSettings, case: Candidate, since: float | None) -> bool:
    return since is not None and case.clock - since < settings.allocation.min_dwell.total_seconds()


def _moved(cases: Sequence[Candidate], wishes: dict[str, Decimal], most: Decimal, least: Decimal, sign: int) -> Decimal:
    """Carry out the wishes, or the part of them that `most` allows; how much that is."""
    amounts = scaled(wishes, most, least)
    for case in cases:
        amount = amounts.get(case.name, ZERO)
        if case.name in wishes and not amount:
            _say(case, "turnover", f"nothing more may be moved now, target {case.target}")
        if amount:
            case.weight += sign * amount
            case.because("score", f"{_scored(case)}, target {case.target}")
            if sign > 0:
                case.raised = case.clock
            else:
                case.lowered = case.clock
    return sum(amounts.values(), ZERO)


def _scored(case: Candidate) -> str:
    return "no score yet" if case.score is None else f"score {case.score:.3f}"


def _say(case: Candidate, code: str, text: str) -> None:
    if not case.reasons:
        case.because(code, text)
