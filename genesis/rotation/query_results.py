"""Query results of one moment → an observation. Pure: the live observer and the simulation of the past share it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from math import isfinite

from genesis.clients.prometheus import Sample
from genesis.metrics import catalog
from genesis.rotation.observation import EngineReport, Limits, Observation, Pair, StrategyReading
from genesis.settings.rotation import RotationSettings
from genesis.settings.trading_rules import TradingRules

QueryResults = Mapping[str, Sequence[Sample]]
"""The samples of each expression of `all_expressions`, by its key; an expression that failed is left out."""

SIGNALS = "signals."
"""The prefix of the signals' keys, as in rotation.yaml."""
CORRELATION = "correlation"
STRATEGY_AGE = "strategy_age"
ACCOUNT_AGE = "account_age"
EQUITY = "equity"
DAILY_LOSS = "daily_loss_used"

# Each strategy that the monitor knows has these samples, even if its other figures are undefined.
_OWN = {
    STRATEGY_AGE: f"time() - timestamp({catalog.STRATEGY_CONFIGURED.name})",
    ACCOUNT_AGE: f"time() - timestamp({catalog.PORTFOLIO_EQUITY.name})",
    EQUITY: catalog.PORTFOLIO_EQUITY.name,
    DAILY_LOSS: catalog.PORTFOLIO_DAILY_LOSS_USED_RATIO.name,
}


def all_expressions(settings: RotationSettings) -> dict[str, str]:
    """Every expression that a decision rests on, by its key: those of rotation.yaml, and our own."""
    return configured_expressions(settings) | _OWN


def configured_expressions(settings: RotationSettings) -> dict[str, str]:
    """The expressions of rotation.yaml, by their key in the file."""
    signals = {f"{SIGNALS}{name}": promql for name, promql in settings.signals.items()}
    return signals | ({} if settings.correlation is None else {CORRELATION: settings.correlation})


def observation(
    settings: RotationSettings,
    rules: TradingRules,
    results: QueryResults,
    *,
    time: datetime,
    engine: EngineReport | None = None,
    faults: Mapping[str, str] | None = None,
    trusted: bool = True,
) -> Observation:
    """The observation at one moment.

    Args:
        settings: signals, and how old figures may be.
        rules: the tiers of accounts.
        results: of `all_expressions`, all evaluated at the same time.
        time: wall time of the controller.
        engine: the engine's report.
        faults: faults found before: fault → its description.
        trusted: False if the results may be older than they appear: then no figure counts as fresh.
    """
    reader = _ResultReader(settings, results)
    strategies = reader.strategies(trusted=trusted)
    correlations = tuple(reader.pairs())
    limits = _limits(rules, reader.figure(EQUITY))
    daily_loss_used = reader.figure(DAILY_LOSS)
    if not (trusted and reader.account_is_fresh(strategies)):
        reader.faults.setdefault("stale", "Prometheus has no current figures of the account: can it scrape the monitor?")
        limits, daily_loss_used = None, None
    all_faults = {**reader.faults, **(faults or {})}
    return Observation(
        time=time,
        strategies=strategies,
        correlations=correlations,
        limits=limits,
        daily_loss_used=daily_loss_used,
        engine=engine,
        faults=tuple(sorted(all_faults)),
        details=all_faults,
    )


class _ResultReader:
    """Reads query results, and collects their faults."""

    def __init__(self, settings: RotationSettings, results: QueryResults) -> None:
        self._results = results
        self._max_age = settings.max_age.total_seconds()
        self._signals = settings.signals
        self.faults: dict[str, str] = {}

    def strategies(self, *, trusted: bool) -> dict[str, StrategyReading]:
        """Every strategy that the monitor knows; signals of other names are ignored."""
        signals = {name: self._by_strategy(f"{SIGNALS}{name}") for name in self._signals}
        return {
            strategy: StrategyReading(
                fresh=trusted and age <= self._max_age,
                signals={name: values[strategy] for name, values in signals.items() if strategy in values},
            )
            for strategy, age in sorted(self._by_strategy(STRATEGY_AGE).items())
        }

    def pairs(self) -> Iterator[Pair]:
        """The correlations, each pair once."""
        found: dict[tuple[str, str], float] = {}
        for sample in self._results.get(CORRELATION, ()):
            one, other = sample.labels.get("strategy", ""), sample.labels.get("other", "")
            if not one or not other:
                self._add_fault(f"{CORRELATION} returns a sample without the labels strategy and other")
            elif (one, other) in found:
                self._add_fault(f"{CORRELATION} returns two samples for {one!r} and {other!r}")
            else:
                found[one, other] = sample.value
        for (one, other), value in sorted(found.items()):
            if isfinite(value) and (one < other or ((other, one) not in found and one != other)):
                yield Pair(one, other, max(-1.0, min(1.0, value)))

    def figure(self, key: str) -> float | None:
        """A figure of the account; None if it is not known, or if there are two samples."""
        samples = self._results.get(key, ())
        if len(samples) > 1:
            self._add_fault(f"{key} returns {len(samples)} samples: Prometheus scrapes more than one monitor")
            return None
        return samples[0].value if samples and isfinite(samples[0].value) else None

    def account_is_fresh(self, strategies: Mapping[str, StrategyReading]) -> bool:
        """Whether the monitor was scraped recently. Without equity the account has no age: then its strategies decide."""
        ages = [sample.value for sample in self._results.get(ACCOUNT_AGE, ())]
        return max(ages) <= self._max_age if ages else any(reading.fresh for reading in strategies.values())

    def _by_strategy(self, key: str) -> dict[str, float]:
        """Finite values by strategy. With two samples the value is unknown, except the age: the larger one counts."""
        values: dict[str, float] = {}
        repeated: set[str] = set()
        for sample in self._results.get(key, ()):
            strategy = sample.labels.get("strategy", "")
            if not strategy:
                self._add_fault(f"{key} returns a sample without the label strategy")
                continue
            if strategy in values:
                repeated.add(strategy)
                self._add_fault(f"{key} returns two samples for {strategy!r}")
            values[strategy] = max(sample.value, values.get(strategy, sample.value))
        keeps_repeated = key == STRATEGY_AGE
        return {name: value for name, value in values.items() if isfinite(value) and (keeps_repeated or name not in repeated)}

    def _add_fault(self, what: str) -> None:
        self.faults.setdefault("signals", what)


def _limits(rules: TradingRules, equity: float | None) -> Limits | None:
    tier = None if equity is None else rules.tier_of(Decimal(str(equity)))
    if tier is None:
        return None
    return Limits(tier=tier.name, allowed=tier.strategies, max_active=tier.max_positions)
