"""A Prometheus that tells what a test says, a clock that shows what a test says, and settings to go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from genesis.clients.prometheus import LoadedRule, Prometheus, RuleGroup, Sample
from genesis.configuration import load_settings
from genesis.core.errors import ServerError
from genesis.metrics import catalog
from genesis.rotation.query_results import ACCOUNT_AGE, DAILY_LOSS, EQUITY, STRATEGY_AGE
from genesis.settings.rotation import RotationSettings
from genesis.settings.trading_rules import TradingRules

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SHIPPED = load_settings(Path(__file__).parents[3] / "config")
RULES: TradingRules = SHIPPED.rules


def settings(**changes: object) -> RotationSettings:
    """Two signals, one rule; an interval of 10 s."""
    plain: dict[str, object] = {
        "interval": "10s",
        "signals": {"sharpe": "sharpe_ratio", "drawdown": "drawdown_ratio"},
        "score": [{"signal": "sharpe", "weight": 1, "worst": -1, "best": 3}],
        "rules": {"drawdown": {"signal": "drawdown", "action": "pause", "at_least": 0.1, "until": 0.05}},
    }
    return RotationSettings.model_validate(plain | changes)


class SetClock:
    """Shows what it was set to."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at
        self.elapsed = 1000.0

    def now(self) -> datetime:
        return self.at

    def timestamp(self) -> float:
        return self.at.timestamp()

    def monotonic(self) -> float:
        return self.elapsed

    def pass_by(self, seconds: float, *, jump: float = 0.0) -> None:
        """Let time go by; `jump`: seconds by which the wall clock was set besides."""
        self.elapsed += seconds
        self.at += timedelta(seconds=seconds + jump)


def of(values: Mapping[str, float]) -> list[Sample]:
    """One sample a strategy."""
    return [Sample({"strategy": name, "instance": "monitor"}, value, 0.0) for name, value in values.items()]


def answers(strategies: Sequence[str] = ("one", "two"), **more: list[Sample]) -> dict[str, list[Sample]]:
    """What a healthy Prometheus answers, by the keys of `asked`; `more` stands over it, with signals by their names."""
    told = {
        "signals.sharpe": of(dict.fromkeys(strategies, 1.0)),
        "signals.drawdown": of(dict.fromkeys(strategies, 0.01)),
        STRATEGY_AGE: of(dict.fromkeys(strategies, 2.0)),
        ACCOUNT_AGE: [Sample({}, 2.0, 0.0)],
        EQUITY: [Sample({}, 20_000.0, 0.0)],
        DAILY_LOSS: [Sample({}, 0.1, 0.0)],
    }
    return told | {(f"signals.{key}" if key in {"sharpe", "drawdown"} else key): value for key, value in more.items()}


class Told(Prometheus):
    """Answers by expression; an expression that it was not told of comes to nothing."""

    def __init__(self, clock: SetClock, by_expression: Mapping[str, list[Sample] | ServerError]) -> None:
        super().__init__()
        self.clock = clock
        self.by_expression = dict(by_expression)
        self.ahead = 0.0
        """Seconds that its clock is before the controller's."""
        self.newest: float | None = None
        self.groups: list[RuleGroup] | ServerError = []
        self.asked_at: dict[str, float | None] = {}

    async def query(self, promql: str, *, at: float | None = None) -> list[Sample]:
        self.asked_at[promql] = at
        if promql == f"max(timestamp({catalog.PORTFOLIO_EQUITY.name}))":
            return [] if self.newest is None else [Sample({}, self.newest, 0.0)]
        if promql == "time()" and promql not in self.by_expression:
            return [Sample({}, self.clock.timestamp() + self.ahead, 0.0)]
        answer = self.by_expression.get(promql, [])
        if isinstance(answer, ServerError):
            raise answer
        return answer

    async def rule_groups(self) -> list[RuleGroup]:
        if isinstance(self.groups, ServerError):
            raise self.groups
        return self.groups


def group(*rules: LoadedRule, at: datetime | None = START, interval: float = 5.0) -> RuleGroup:
    """A group of rules that was evaluated at `at`."""
    return RuleGroup(rules=list(rules), name="losses", interval=interval, last_evaluation=at)
