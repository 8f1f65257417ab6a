"""Capital that a strategy can hardly use."""

from __future__ import annotations

from genesis.alerts.alert import Alert
from genesis.alerts.figure import AS_RATIO, Figure, SampleSize
from genesis.alerts.kinds import Least, MultipleAlert
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.metrics import catalog

BOARD = Board.EXECUTION


class CapacityAlert(MultipleAlert):
    """The capital of a strategy, in multiples of what it can use."""

    min_trades: Least
    """With fewer round trips than this since the start the capacity is not known well, and the alert does not fire."""


def _used(config: CapacityAlert) -> tuple[Figure, ...]:
    enough = SampleSize(f'{catalog.STRATEGY_WINDOW_TRADES.name}{{window="all"}}', config.min_trades)
    guard = f"on (instance, strategy)\n{enough}"
    return (Figure(config, catalog.STRATEGY_CAPACITY_USED_RATIO.name, AS_RATIO, sample=enough, guard=guard),)


CAPACITY_NEARLY_USED = Alert(
    name="CapacityNearlyUsed",
    about="A strategy has nearly as much capital as it can use.",
    board=BOARD,
    settings=CapacityAlert,
    groups=("capacity",),
    figures=_used,
    message=Message(
        "{strategy}: {value} of its capacity used (threshold {threshold})",
        "The capital of {strategy} is {value} of what it can use; the {severity} threshold is {threshold}.",
    ),
    runbook=Runbook(
        "The strategy's capital is nearly (warning), or wholly (critical), what it can use: the smallest of what its edge, its "
        "share of the volume, and the depth of the book allow. Fewer round trips than min_trades raise nothing: what they "
        "earn is still mostly luck.",
        (
            RunbookQuery("How much is used?", catalog.STRATEGY_CAPACITY_USED_RATIO.name),
            RunbookQuery("Which limit binds, in which symbol?", catalog.STRATEGY_CAPACITY_BINDING_INFO.name),
            RunbookQuery("All limits, as capital", catalog.STRATEGY_CAPACITY_LIMIT.name),
            RunbookQuery("What does impact cost?", f'{catalog.STRATEGY_SHORTFALL.name}{{part="impact"}}'),
        ),
        "It can wait for the day. Give the strategy no more capital. Critical: move some to another; more earns less here. "
        "Limit participation or depth: trade the binding symbol less, or split its orders.",
        "A thin hour: the volume is of the last day, the depth is the current one. A simulated book, such as the demo's.",
    ),
)
