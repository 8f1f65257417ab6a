"""The policy on random histories: signals that come and go, faults, clocks that jump, pins, halts, tiers, engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from genesis.core.allocation import EngineReport, Share
from genesis.core.models import StrategyState
from genesis.rotation.decision import Decision, History
from genesis.rotation.observation import Limits, Observation, Pair, Pin, StrategyReading
from genesis.rotation.policy import decide
from genesis.settings.rotation import RotationSettings
from tests.search import examples
from tests.unit.rotation.invariants import Made, violations

EXAMPLES = examples(150)
NAMES = ("carry", 'a"b\\c', "{x='1'}\n", "Ω-trend", "zz")
BEGIN = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
SIGNALS = ("sharpe", "drawdown", "alerts", "cusum")
FAULTS = ("prometheus", "stale", "clock", "signals", "engine", "unconfirmed", "rules")
STATES = tuple(StrategyState)


class Inputs(NamedTuple):
    """What one decision is made of, besides the history."""

    settings: RotationSettings
    seen: Observation
    pins: dict[str, Pin]
    halted: bool


def settings_of(random: Random) -> RotationSettings:
    """Bounds at random, times small beside a history's length."""
    maximum = random.choice(["0.2", "0.35", "0.5", "1"])
    return RotationSettings.model_validate(
        {
            "mode": random.choice(["advise", "enforce"]),
            "interval": "30s",
            "stale_after": random.choice(["1m", "5m"]),
            "warm_up": random.choice(["1m", "1h"]),
            "signals": {name: name for name in SIGNALS},
            "score": [
                {"signal": "sharpe", "weight": 2, "worst": -1, "best": 3, "normalisation": random.choice(["linear", "rank"])},
                {"signal": "drawdown", "weight": 1, "worst": 0.2, "best": 0},
            ],
            "rules": {
                "deep": {"signal": "drawdown", "action": "pause", "at_least": 0.18, "until": 0.1},
                "falling": {"signal": "drawdown", "action": "reduce", "at_least": 0.12, "until": 0.08},
                "alert": {"signal": "alerts", "action": "pause", "at_least": 1},
                "worn": {"signal": "cusum", "action": random.choice(["pause", "reduce"]), "at_least": 1, "clears": "time"},
            },
            "resume": {"after": "1m", "cooldown": random.choice(["2m", "5m"]), "probation": random.choice(["0s", "3m"])},
            "allocation": {
                "min_weight": random.choice(["0", "0.05", "0.15"]),
                "max_weight": maximum,
                "reserve": random.choice(["0", "0.05", "0.3"]),
                "reduced_ratio": random.choice(["0.3", "0.5", "1"]),
                "correlation_penalty": random.choice([0, 0.5, 1]),
                "max_turnover_per_step": random.choice(["0.02", "0.1", "0.3"]),
                "max_turnover_per_day": random.choice(["0.5", "0.6", "5"]),
                "min_dwell": random.choice(["0s", "1m", "2m"]),
                "min_change": random.choice(["0", "0.01"]),
                "score_margin": random.choice([0, 0.1]),
            },
        }
    )


def history_of(seed: int) -> Iterator[Inputs]:
    """20 to 60 decisions' inputs: mostly well, with stretches in which something is not."""
    random = Random(seed)  # noqa: S311 - a history at random, no secret
    chosen, names = settings_of(random), random.sample(NAMES, random.randint(1, len(NAMES)))
    time, pins, trouble = BEGIN, dict[str, Pin](), random.choice([0.0, 0.05, 0.3])
    level = {name: random.uniform(-1, 3) for name in names}
    allowed: frozenset[str] | None = None
    for _ in range(random.randint(20, 60)):
        odd = random.random() < trouble
        time += timedelta(seconds=random.choice([-3600, -1, 0, 7, 100, 86_400]) if odd else 30)
        if random.random() < 0.05:
            allowed = random.choice([None, frozenset(random.sample(names, random.randint(0, len(names))))])
        if random.random() < 0.03:
            pins = _pins(random, names)
        if random.random() < 0.02:
            chosen = chosen.model_copy(update={"mode": random.choice(["advise", "enforce"])})
        for name in names:
            level[name] += random.gauss(0, 0.4)
        seen = _observation(random, time, level, allowed, trouble)
        yield Inputs(chosen, seen, pins, random.random() < trouble / 5)


def _pins(random: Random, names: list[str]) -> dict[str, Pin]:
    found = {}
    for name in random.sample(names, random.randint(0, min(2, len(names)))):
        state = random.choice(STATES)
        trading = state in {StrategyState.ACTIVE, StrategyState.REDUCED}
        weight = random.choice([None, Decimal("0.2"), Decimal("0.7")]) if trading else None
        found[name] = Pin(state=state, weight=weight, why="try", author="ada", since=BEGIN)
    return found


def _observation(
    random: Random, time: datetime, level: dict[str, float], allowed: frozenset[str] | None, trouble: float
) -> Observation:
    def odd() -> bool:
        return random.random() < trouble / 3

    told = {
        name: StrategyReading(fresh=not odd(), signals=_signals(random, sharpe, trouble))
        for name, sharpe in level.items()
        if not odd()
    }
    names = sorted(level)
    shares = {name: Share(Decimal(random.randint(0, 10_000)) / 10_000, random.choice(STATES)) for name in names if not odd()}
    pairs = tuple(
        Pair(one, other, random.uniform(-1, 1)) for one in names for other in names if one < other and random.random() < 0.9
    )
    return Observation(
        time=time,
        strategies=told,
        correlations=pairs,
        limits=None if odd() else Limits(tier="small", allowed=allowed, max_active=random.choice([1, 2, 3, 5, 5, 5, 5])),
        daily_loss_used=None if odd() else random.choice([0.9, 1.0, float("nan")]) if odd() else 0.1,
        engine=EngineReport(decision=None, shares=shares) if random.random() < 0.5 else None,
        faults=tuple(random.sample(FAULTS, 2)) if odd() else (),
    )


def _signals(random: Random, sharpe: float, trouble: float) -> dict[str, float]:
    """A worse strategy has a deeper drawdown, and now and then an alert or an alarm."""
    values = {
        "sharpe": sharpe,
        "drawdown": max(0.0, 0.05 - sharpe / 20),
        "alerts": float(random.random() < 0.03),
        "cusum": max(0.0, 0.8 - sharpe / 2),
    }
    kept = {name: value for name, value in values.items() if random.random() >= trouble / 6}
    return {
        name: random.choice([float("nan"), float("inf")]) if random.random() < trouble / 20 else kept[name] for name in kept
    }


def made_of(seed: int) -> list[Made]:
    """The history, decided."""
    sequence: list[Made] = []
    history: History | None = None
    for inputs in history_of(seed):
        decision = decide(inputs.settings, inputs.seen, history, pins=inputs.pins, halted=inputs.halted)
        history = decision.history
        sequence.append(Made(inputs.seen, inputs.pins, inputs.halted, decision, inputs.settings))
    return sequence


def _turned(seen: Observation) -> Observation:
    """The same, with every dict in the other order."""
    strategies = {
        name: StrategyReading(fresh=one.fresh, signals=dict(reversed(one.signals.items())))
        for name, one in reversed(seen.strategies.items())
    }
    engine = seen.engine and replace(seen.engine, shares=dict(reversed(seen.engine.shares.items())))
    pairs = tuple(Pair(pair.other, pair.one, pair.correlation) for pair in reversed(seen.correlations))
    return replace(seen, strategies=strategies, engine=engine, correlations=pairs)


@given(st.integers(0, 2**63))
@settings(max_examples=EXAMPLES)
def test_no_history_makes_the_policy_break_a_bound(seed: int) -> None:
    assert violations(made_of(seed)) == []


@given(st.integers(0, 2**63))
@settings(max_examples=max(20, EXAMPLES // 5))
def test_the_same_inputs_make_the_same_decision_in_another_order_and_from_a_history_that_was_written_down(seed: int) -> None:
    history: History | None = None
    for inputs in history_of(seed):
        decision = decide(inputs.settings, inputs.seen, history, pins=inputs.pins, halted=inputs.halted)
        read = None if history is None else msgspec.json.decode(msgspec.json.encode(history), type=History)
        tracks = None if read is None else replace(read, tracks=dict(reversed(read.tracks.items())))
        pins = dict(reversed(inputs.pins.items()))
        again = decide(inputs.settings, _turned(inputs.seen), tracks, pins=pins, halted=inputs.halted)
        assert again == decision
        assert msgspec.json.encode(again.steps) == msgspec.json.encode(decision.steps)
        history = decision.history


@given(st.integers(0, 2**63))
@settings(max_examples=max(20, EXAMPLES // 5))
def test_a_sample_that_is_lost_raises_nobody(seed: int) -> None:
    random, history = Random(seed), None  # noqa: S311 - likewise
    for inputs in history_of(seed):
        if history is not None and history.mode == inputs.settings.mode and not inputs.halted:
            without = _lost(random, inputs.seen, history, inputs.pins)
            if without is not None:
                assert _raised(decide(inputs.settings, without, history, pins=inputs.pins, halted=False), inputs.pins) == []
        history = decide(inputs.settings, inputs.seen, history, pins=inputs.pins, halted=inputs.halted).history


def _lost(random: Random, seen: Observation, history: History, pins: dict[str, Pin]) -> Observation | None:
    """Without one figure of the account, or of one strategy that takes part; None where none does for certain."""
    trading = {StrategyState.ACTIVE, StrategyState.REDUCED}
    parts = [name for name, track in sorted(history.tracks.items()) if track.share.state in trading and name not in pins]
    kind = random.choice(["limits", "daily_loss", "strategy", "fresh", "signal"])
    if kind == "limits":
        return replace(seen, limits=None)
    if kind == "daily_loss":
        return replace(seen, daily_loss_used=None)
    name = random.choice(parts) if parts else None
    one = None if name is None else seen.strategies.get(name)
    if name is None or one is None or seen.limits is None or not seen.limits.allows(name):
        return None
    if kind == "fresh":
        return replace(seen, strategies={**seen.strategies, name: replace(one, fresh=False)}, faults=())
    if kind == "strategy":
        return replace(seen, strategies={each: told for each, told in seen.strategies.items() if each != name})
    lost = random.choice(SIGNALS)
    return replace(
        seen,
        strategies={
            **seen.strategies,
            name: replace(one, signals={each: value for each, value in one.signals.items() if each != lost}),
        },
    )


def _raised(decision: Decision, pins: dict[str, Pin]) -> list[str]:
    """Who has more, though somebody who still takes part is not known."""
    blind = {one.code for one in decision.blocked}
    if not blind and any(step.action.value == "pause" for step in decision.steps.values()):
        return []  # whoever lacks the figure is paused for another reason, and its capital may go to the others
    return [name for name, step in decision.steps.items() if step.after.weight > step.before.weight and name not in pins] + (
        [] if blind else ["not blocked"]
    )
