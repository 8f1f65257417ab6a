"""A simulation as lines for a terminal: the changes, the P&L of each plan, and the assumptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from genesis.commands.report.layout import count, heading, moment, money, percent, span, table, wrapped
from genesis.core.duration import duration_text
from genesis.rotation.audit.rows import settings_payload
from genesis.rotation.decision import Reason
from genesis.settings.rotation import RotationSettings
from genesis.simulate.profit import PLANS, ROTATION, Result
from genesis.simulate.simulation import Simulation, TimedStep

Lines = Iterator[str]

ASSUMED = (
    "Assumed: P&L scales with the weight (orders do not move the market, and a change of weight costs nothing), a decision "
    "holds from its own moment on, the figures of a strategy are those at its usual size, and today's loss is that of the "
    "account as it was.",
)
STEERED = (
    "In {count} of the steps a controller already moved capital: strategies that it had reduced or paused show the P&L of the "
    "smaller size over their whole capital, so their returns are too small."
)
_LONGEST_WHY = 100


def digest(settings: RotationSettings) -> str:
    """The short digest of settings, as `genesis rotate audit` prints it."""
    return settings_payload(settings)[0][:12]


def lines(simulation: Simulation, settings: RotationSettings, step: timedelta, *, changes: int, notes: Sequence[str]) -> Lines:
    """The whole report.

    Args:
        simulation: after its last moment.
        settings: of rotation.yaml.
        step: the time between two decisions.
        changes: how many changes are listed: the last ones.
        notes: further notes on the data.
    """
    yield (
        f"Rotation from {moment(simulation.first)} to {moment(simulation.last)} UTC: {simulation.steps} decisions, one each "
        f"{duration_text(step)}; settings {digest(settings)}"
    )
    for note in (*ASSUMED, *notes, *_steered(simulation)):
        yield from wrapped("Note", [note])
    yield from _steps(simulation.changes, changes)
    yield from _strategies(simulation, step)
    yield from plans(simulation.comparison.results, simulation.comparison.capital)
    yield from _holes(simulation, step)


def _steered(simulation: Simulation) -> Lines:
    if simulation.steered_steps:
        yield STEERED.format(count=simulation.steered_steps)


def _steps(changes: Sequence[TimedStep], most: int) -> Lines:
    shown = changes[-most:] if most else ()
    left_out = len(changes) - len(shown)
    yield from heading(f"Changes: {len(changes)}" + (f", the last {len(shown)} of them" if shown and left_out else ""))
    rows = [
        (
            moment(change.time),
            one_line(change.strategy),
            change.step.action.value,
            f"{change.step.before.weight:.4f}",
            f"{change.step.after.weight:.4f}",
            "" if change.step.score is None else f"{change.step.score:.2f}",
            why(change.step.reasons),
        )
        for change in shown
    ]
    yield from _left_aligned(("time", "strategy", "action", "from", "to", "score", "why"), rows)


def _left_aligned(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Lines:
    cells = [heads, *rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells if rows else ():
        yield ("  " + "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))).rstrip()


def why(reasons: Iterable[Reason]) -> str:
    """The reasons of a step, on one line."""
    text = "; ".join(f"{reason.code}: {reason.text}" if reason.text else reason.code for reason in reasons)
    text = one_line(text)
    return text if len(text) <= _LONGEST_WHY else f"{text[: _LONGEST_WHY - 1]}…"


def one_line(text: str) -> str:
    """A text with escapes for control characters, so that it neither ends the line nor moves the cursor."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _strategies(simulation: Simulation, step: timedelta) -> Lines:
    yield from heading("Strategies")
    seconds = step.total_seconds()
    earned = simulation.comparison.earned
    rows = [
        (
            one_line(name),
            f"{totals.mean_weight:.4f}",
            span(totals.paused_steps * seconds) if totals.paused_steps else "-",
            count(totals.switches),
            count(totals.changes),
            money(earned.get(name)),
        )
        for name, totals in sorted(simulation.totals.items())
    ]
    heads = ("strategy", "mean weight", "paused", "changes of state", "changes", "P&L as it was")
    yield from table(heads, rows)


def plans(results: dict[str, Result], capital: float) -> Lines:
    """The results of all plans, side by side."""
    yield from heading(f"What {money(capital)} of capital would have earned")
    rows = [
        (
            plan,
            money(results[plan].pnl),
            percent(results[plan].exposure),
            money(results[plan].pnl_at_full_exposure),
            money(results[plan].max_drawdown),
            f"{results[plan].turnover:.2f}",
        )
        for plan in PLANS
    ]
    heads = ("", "P&L", "mean exposure", "P&L at full exposure", "max drawdown", "turnover")
    yield from table(heads, rows)
    rotation = results[ROTATION]
    for plan in PLANS[1:]:
        other, fair = results[plan], ""
        if rotation.pnl_at_full_exposure is not None and other.pnl_at_full_exposure is not None:
            fair = f"; at full exposure {rotation.pnl_at_full_exposure - other.pnl_at_full_exposure:+,.2f}"
        yield f"  rotation against {plan}: {rotation.pnl - other.pnl:+,.2f}{fair}"


def _holes(simulation: Simulation, step: timedelta) -> Lines:
    yield from heading(f"Blocked: {simulation.blocked_steps} of {simulation.steps} steps, in which no weight was raised")
    seconds = step.total_seconds()
    yield from table(
        ("reason", "steps", "time"),
        ((code, count(steps), span(steps * seconds)) for code, steps in sorted(simulation.blocked.items())),
    )
    gaps = [(one_line(name), count(steps), span(steps * seconds)) for name, steps in sorted(simulation.comparison.gaps.items())]
    if gaps or simulation.empty_steps:
        yield from heading(f"Gaps: no strategy at all in {simulation.empty_steps} steps")
        yield from table(("strategy without P&L", "steps", "time"), gaps)
