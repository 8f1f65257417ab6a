"""A strategy that is worse than its baseline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import Field

from genesis.alerts.alert import Alert
from genesis.alerts.catalog.execution import SLIPPAGE
from genesis.alerts.catalog.losses import CAUSES
from genesis.alerts.figure import AS_NUMBER, Figure, SampleSize
from genesis.alerts.kinds import Least, Levels, Misfit, Multiple, MultipleOverride, Timing, observations_misfits
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.alerts.rules import Record
from genesis.metrics import catalog
from genesis.settings.section import Name, Ratio
from genesis.settings.statistics import StatisticsSettings

BOARD = Board.STRATEGY

PROBABLE_SHARPE = f"strategy:{catalog.STRATEGY_PROBABILISTIC_SHARPE_RATIO.name}:enough_observations"
"""The probabilistic Sharpe ratio of a record that is as long as its minimum, and has enough returns."""
CUSUM = f"strategy:{catalog.STRATEGY_DEGRADATION_CUSUM.name}:limit_ratio"
"""The CUSUM in multiples of its limit."""


class SharpeOverride(MultipleOverride):
    """Thresholds of one strategy; what is left out stays at the alert's own."""

    warning: Ratio | None = None
    """The strategy's warning threshold."""


class SharpeAlert(Timing):
    """A strategy against its baseline: by its Sharpe ratio, and by its CUSUM."""

    warning: Ratio
    """Fires with severity warning where the probability that the true Sharpe ratio is above the baseline's is this or less."""
    critical: Multiple
    """Fires with severity critical where the CUSUM is this many times its limit."""
    overrides: Mapping[Name, SharpeOverride] = Field(default_factory=dict)
    """Strategy → its own thresholds."""
    min_observations: Least
    """With fewer returns than this in the risk window the warning does not fire; the CUSUM needs no number."""

    def levels(self, strategy: str | None = None) -> Levels:
        """The thresholds of a strategy; without one, or without an override, the alert's own."""
        own = self.overrides.get(strategy) if strategy is not None else None
        if own is None:
            return Levels(self.warning, self.critical)
        return Levels(own.warning or self.warning, own.critical or self.critical)

    def statistics_misfits(self, statistics: StatisticsSettings) -> Iterator[Misfit]:
        """More returns than there ever are."""
        return observations_misfits(self.min_observations, statistics)


def _sharpe(config: SharpeAlert) -> tuple[Figure, ...]:
    unlikely, degraded = {"figure": "probability"}, {"figure": "CUSUM"}
    return (
        Figure(config, PROBABLE_SHARPE, AS_NUMBER, unlikely, _returns(config), lower_is_worse=True, severities=("warning",)),
        Figure(config, CUSUM, AS_NUMBER, degraded, severities=("critical",)),
    )


def _sharpe_records(config: SharpeAlert) -> Iterator[Record]:
    yield Record(
        PROBABLE_SHARPE,
        f"{catalog.STRATEGY_PROBABILISTIC_SHARPE_RATIO.name}\nand\n"
        f"{catalog.STRATEGY_TRACK_RECORD_SECONDS.name} >= {catalog.STRATEGY_MIN_TRACK_RECORD_SECONDS.name}\nand\n"
        f"{_returns(config)}",
    )
    yield Record(CUSUM, f"{catalog.STRATEGY_DEGRADATION_CUSUM.name}\n/\n({catalog.STRATEGY_DEGRADATION_CUSUM_LIMIT.name} > 0)")


def _returns(config: SharpeAlert) -> SampleSize:
    return SampleSize(catalog.STRATEGY_OBSERVATIONS.name, config.min_observations)


SHARPE_DEGRADED = Alert(
    name="SharpeDegraded",
    about="A strategy is worse than its baseline.",
    board=BOARD,
    settings=SharpeAlert,
    groups=("degradation",),
    records=_sharpe_records,
    figures=_sharpe,
    message=Message(
        "{strategy}: worse than its baseline ({figure} {value}, threshold {threshold})",
        "The returns of {strategy} are worse than its baseline in strategies.yaml: {figure} {value} (probability that its "
        "true Sharpe ratio is above the baseline's; CUSUM in multiples of its limit). The {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "The strategy's returns are worse than its baseline in strategies.yaml. Warning: by its Sharpe ratio since the start, "
        "with a record that is long enough and has min_observations returns; the figure is the probability that the "
        "true one is above the baseline's. "
        "Critical: by the CUSUM, which adds up shortfalls and notices a change soon; the figure is in multiples of its limit.",
        (
            RunbookQuery("Probability, of a record long enough", PROBABLE_SHARPE),
            RunbookQuery("CUSUM in multiples of its limit", CUSUM),
            RunbookQuery(
                "How long is the record, and how long must it be (seconds)?",
                f"{catalog.STRATEGY_TRACK_RECORD_SECONDS.name} / {catalog.STRATEGY_MIN_TRACK_RECORD_SECONDS.name}",
            ),
            RunbookQuery("Sharpe ratio by window", catalog.STRATEGY_SHARPE_RATIO.name),
            CAUSES,
            SLIPPAGE,
        ),
        "Critical: reduce it or take it out, until its baseline is confirmed or made again with `genesis baseline`. Warning: "
        "give it no more capital. Find out what has changed: costs (cause fees and slippage), the market, or the strategy. A "
        "CUSUM that was high comes down only as returns are above the baseline again.",
        "As often as degradation.false_alarm_interval says, by chance. A baseline from another market, step or size than the "
        "strategy trades with: make it again.",
    ),
)
