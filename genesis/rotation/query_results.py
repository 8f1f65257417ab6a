"""What Prometheus answers at one moment → an observation. Pure: the live observer and a simulation of the past share it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from math import isfinite

from genesis.clients.prometheus import Sample
from genesis.metrics import catalog
from genesis.rotation.observation import EngineReport, Limits, Observation, Pair, Seen
from genesis.settings.rotation import RotationSettings
from genesis.settings.trading_rules import TradingRules

QueryResults = Mapping[str, Sequence[Sample]]
"""What each expression of `asked` came to, by its key; one that failed is left out."""

SIGNALS = "signals."
"""What the keys of signals begin with, as in rotation.yaml."""
CORRELATION = "correlation"
STRATEGY_AGE = "strategy_age"
ACCOUNT_AGE = "account_age"
EQUITY = "equity"
DAILY_LOSS = "daily_loss_used"

# Of each strategy that the monitor knows by name there is such a sample, whatever else of it is undefined.
_OWN = {
    STRATEGY_AGE: f"time() - timestamp({catalog.STRATEGY_CONFIGURED.name})",
    ACCOUNT_AGE: f"time() - timestamp({catalog.PORTFOLIO_EQUITY.name})",
    EQUITY: catalog.PORTFOLIO_EQUITY.name,
    DAILY_LOSS: catalog.PORTFOLIO_DAILY_LOSS_USED_RATIO.name,
}


def asked(settings: RotationSettings) -> dict[str, str]:
    """Every expression that a decision stands on, by its key: those of rotation.yaml by their place in it, and our own."""
    return configured(settings) | _OWN


def configured(settings: RotationSettings) -> dict[str, str]:
    """The expressions of rotation.yaml, by their place in it."""
    signals = {f"{SIGNALS}{name}": promql for name, promql in settings.signals.items()}
    return signals | ({} if settings.correlation is None else {CORRELATION: settings.correlation})


def observation(
    settings: RotationSettings,
    rules: TradingRules,
    answers: QueryResults,
    *,
    time: datetime,
    engine: EngineReport | None = None,
    faults: Mapping[str, str] | None = None,
    trusted: bool = True,
) -> Observation:
    """What is seen at one moment.

    Args:
        settings: signals, and how old figures may be.
        rules: the tiers of accounts.
        answers: of the expressions that `asked` names, all evaluated at the same time.
        time: wall time of the controller.
        engine: what the engine reports.
        faults: what is known to be wrong already: code → words.
        trusted: False where the answers may be of another time than they seem to be: then nothing in them is fresh.
    """
    reading = _Reading(settings, answers)
    strategies = reading.strategies(trusted=trusted)
    correlations = tuple(reading.pairs())
    limits = _limits(rules, reading.figure(EQUITY))
    daily_loss_used = reading.figure(DAILY_LOSS)
    if not (trusted and reading.account_is_fresh(strategies)):
        reading.faults.setdefault("stale", "Prometheus has no figures of now of the account: can it read the monitor?")
        limits, daily_loss_used = None, None
    told = {**reading.faults, **(faults or {})}
    return Observation(
        time=time,
        strategies=strategies,
        correlations=correlations,
        limits=limits,
        daily_loss_used=daily_loss_used,
        engine=engine,
        faults=tuple(sorted(told)),
        details=told,
    )


class _Reading:
    """Reads answers, and notes what is wrong with them."""

    def __init__(self, settings: RotationSettings, answers: QueryResults) -> None:
        self._answers = answers
        self._max_age = settings.max_age.total_seconds()
        self._signals = settings.signals
        self.faults: dict[str, str] = {}

    def strategies(self, *, trusted: bool) -> dict[str, Seen]:
        """Every strategy that the monitor knows; a signal of another one is nobody's."""
        signals = {name: self._by_strategy(f"{SIGNALS}{name}") for name in self._signals}
        return {
            strategy: Seen(
                fresh=trusted and age <= self._max_age,
                signals={name: values[strategy] for name, values in signals.items() if strategy in values},
            )
            for strategy, age in sorted(self._by_strategy(STRATEGY_AGE).items())
        }

    def pairs(self) -> Iterator[Pair]:
        """The correlations, each pair once."""
        found: dict[tuple[str, str], float] = {}
        for sample in self._answers.get(CORRELATION, ()):
            one, other = sample.labels.get("strategy", ""), sample.labels.get("other", "")
            if not one or not other:
                self._wrong(f"{CORRELATION} comes to a sample without the labels strategy and other")
            elif (one, other) in found:
                self._wrong(f"{CORRELATION} comes to two samples for {one!r} and {other!r}")
            else:
                found[one, other] = sample.value
        for (one, other), value in sorted(found.items()):
            if isfinite(value) and (one < other or ((other, one) not in found and one != other)):
                yield Pair(one, other, max(-1.0, min(1.0, value)))

    def figure(self, key: str) -> float | None:
        """A figure of the account; None if it is not known, or told twice."""
        samples = self._answers.get(key, ())
        if len(samples) > 1:
            self._wrong(f"{key} comes to {len(samples)} samples: Prometheus reads more than one monitor")
            return None
        return samples[0].value if samples and isfinite(samples[0].value) else None

    def account_is_fresh(self, strategies: Mapping[str, Seen]) -> bool:
        """Whether the monitor was read of late. An account without equity has no age: then its strategies tell."""
        ages = [sample.value for sample in self._answers.get(ACCOUNT_AGE, ())]
        return max(ages) <= self._max_age if ages else any(seen.fresh for seen in strategies.values())

    def _by_strategy(self, key: str) -> dict[str, float]:
        """Finite values by strategy; of a strategy that is told twice, none is known, and the larger age counts."""
        values: dict[str, float] = {}
        twice: set[str] = set()
        for sample in self._answers.get(key, ()):
            strategy = sample.labels.get("strategy", "")
            if not strategy:
                self._wrong(f"{key} comes to a sample without the label strategy")
                continue
            if strategy in values:
                twice.add(strategy)
                self._wrong(f"{key} comes to two samples for {strategy!r}")
            values[strategy] = max(sample.value, values.get(strategy, sample.value))
        kept = key == STRATEGY_AGE
        return {name: value for name, value in values.items() if isfinite(value) and (kept or name not in twice)}

    def _wrong(self, what: str) -> None:
        self.faults.setdefault("signals", what)


def _limits(rules: TradingRules, equity: float | None) -> Limits | None:
    tier = None if equity is None else rules.tier_of(Decimal(str(equity)))
    if tier is None:
        return None
    return Limits(tier=tier.name, allowed=tier.strategies, max_active=tier.max_positions)
