"""Books that do not add up, differ from the broker's, or lack a figure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from genesis.alerts.alert import Alert
from genesis.alerts.figure import COUNT, selected
from genesis.alerts.kinds import Severity, StateAlert, Timing
from genesis.alerts.messages import Board, Message, Runbook, RunbookQuery
from genesis.alerts.promql import any_of
from genesis.alerts.rules import Rule, RuleMaker, state_rules
from genesis.core.duration import duration_text
from genesis.metrics import catalog

BOARD = Board.SERVICE

# A missing mark or rate comes with a reason. A residual that is absent without a reason hides what it should report.
_ATTRIBUTION_RESIDUAL = f"""{catalog.STRATEGY_ATTRIBUTION_RESIDUAL.name} != 0
or
(
  {catalog.STRATEGY_CONFIGURED.name}
  unless on (instance, strategy)
  {catalog.STRATEGY_ATTRIBUTION_RESIDUAL.name}
  unless on (instance, strategy)
  {catalog.STRATEGY_UNDEFINED_INFO.name}{{figure=~"attribution_residual|all"}}
)"""

ATTRIBUTION_RESIDUAL = Alert(
    name="AttributionResidual",
    about="A strategy's net P&L is not the sum of its parts.",
    board=BOARD,
    settings=StateAlert,
    groups=("accounts", "attribution"),
    rules=state_rules(_ATTRIBUTION_RESIDUAL, of_strategy=True),
    message=Message(
        "{strategy}: P&L does not add up",
        "The net P&L of {strategy} is not the sum of its parts, or that is unknown. Until this is repaired, do not "
        "trust its equity, drawdown and limits.",
    ),
    runbook=Runbook(
        "The strategy's net P&L is kept up event by event, and its parts (component and symbol) are computed each time from "
        "what was paid, received and held. Both are exact, so the residual between them is 0. Now it is not 0, or it is absent "
        "without a reason. No market and no data can do that: it is a fault of the program.",
        (
            RunbookQuery("By how much?", f"{catalog.STRATEGY_ATTRIBUTION_RESIDUAL.name} != 0"),
            RunbookQuery("Of which net P&L?", catalog.STRATEGY_NET_PNL.name),
            RunbookQuery("Which parts are there?", catalog.STRATEGY_ATTRIBUTION.name),
            RunbookQuery("What is undefined, and why?", catalog.STRATEGY_UNDEFINED_INFO.name),
        ),
        "Do not trust equity, drawdown and P&L of the strategy; compare positions and cash with the broker's statement "
        "(`genesis reconcile`). Keep a copy of the journal for the person who searches for the fault. A restart computes every "
        "sum again from the holdings, and usually ends the alert: that repairs the figures, not the fault.",
        "None is known.",
    ),
)


RECONCILIATION_BREAK = Alert(
    name="ReconciliationBreak",
    about="A broker's statement and the books differ.",
    board=BOARD,
    settings=StateAlert,
    groups=("reconciliation",),
    rules=state_rules(f"{catalog.RECONCILIATION_OPEN_BREAKS.name} > 0"),
    message=Message(
        "Books and statement differ (breaks: {value})",
        "The last statement of {scope} and the books differ. Positions or balances that differ: {value}. Their P&L, exposure "
        "and limits cannot be trusted.",
    ),
    runbook=Runbook(
        "The last statement that was compared with the books differs from them: the broker or the exchange has other "
        "positions or other cash than the events say. P&L, exposure and limits of what differs cannot be trusted.",
        (
            RunbookQuery("Which positions (statement less books, in units)?", catalog.RECONCILIATION_BREAK.name),
            RunbookQuery("Which balances?", catalog.RECONCILIATION_CASH_BREAK.name),
            RunbookQuery("How old is the comparison (seconds)?", f"time() - {catalog.RECONCILIATION_TIMESTAMP_SECONDS.name}"),
            RunbookQuery("Did events never come?", f"{catalog.SOURCE_MISSING_EVENTS.name} > 0"),
            RunbookQuery(
                "Were events refused?",
                f'sum by (kind, outcome) (increase({catalog.EVENTS.name}{{outcome=~"rejected|conflict"}}[1d])) > 0',
            ),
        ),
        "Find the fill, funding or transfer that one side lacks, in the exchange's own history. If the books lack it, send it "
        "as an event; if they have one too many, send a void of it. Then compare again with `genesis reconcile --statement "
        "FILE`: a statement without breaks ends the alert.",
        "A statement of another moment than the books: draw it while nothing trades, or compare again. A statement of some "
        "strategies that was compared with all: name them with --strategy. Cash that the broker rounds: --tolerance.",
    ),
)


Reason = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class UndefinedAlert(Timing):
    """A figure that is not known, for a reason that does not go away by waiting."""

    severity: Severity
    """How urgent it is."""
    reasons: Annotated[tuple[Reason, ...], Field(min_length=1)]
    """The reasons of `genesis_strategy_undefined_info` that a person has to remove."""


def _undefined(maker: RuleMaker, config: UndefinedAlert) -> Iterator[Rule]:
    # By reason, not by figure: one missing mark leaves some fifty figures undefined, and is one thing to repair.
    info = selected(catalog.STRATEGY_UNDEFINED_INFO.name, f"reason=~{any_of(config.reasons)}")
    words = {"value": COUNT, "reason": "{{ $labels.reason }}", "hold": duration_text(config.hold)}
    yield maker.rule(config.severity, config, f"count without (figure) ({info}) > 0", words, of_strategy=True)


FIGURES_UNDEFINED = Alert(
    name="FiguresUndefined",
    about="Figures are not known, and waiting does not help.",
    board=BOARD,
    settings=UndefinedAlert,
    groups=("accounts",),
    rules=_undefined,
    message=Message(
        "{strategy}: unknown figures ({reason}): {value}",
        "For {hold} or longer, figures of {strategy} have been unknown for the reason {reason}, which does not go away by "
        "waiting. Unknown now: {value}. Alerts on them cannot fire.",
    ),
    runbook=Runbook(
        "Figures of the strategy have not been known for longer than the alert waits, for a reason that a person has "
        "to remove. Alerts on these figures cannot fire. One alert a strategy and reason, however many figures.",
        (
            RunbookQuery("Which figures, and why?", catalog.STRATEGY_UNDEFINED_INFO.name),
            RunbookQuery(
                "no_mark: held without a mark?",
                f"{catalog.STRATEGY_POSITION_QUANTITY.name} != 0 "
                f"unless on (instance, symbol) {catalog.MARK_TIMESTAMP_SECONDS.name}",
            ),
            RunbookQuery("no_conversion: in which symbols does it trade?", catalog.STRATEGY_VOLUME.name),
            RunbookQuery("Is the account known?", catalog.PORTFOLIO_UNDEFINED_INFO.name),
        ),
        "no_mark: send quotes of the symbol, under the same name as in the fills. no_conversion: give the currency a "
        "conversion symbol, and send its quotes. too_many_trips: a window of statistics.windows is longer than the round trips "
        "that are kept; shorten it. error: the monitor's log has what failed.",
        "A symbol that is not quoted any more and whose position is worthless: book it out. A window that was just configured "
        "longer: too_many_trips ends when it has filled.",
    ),
)
