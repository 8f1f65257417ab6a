"""What a strategy's execution came to: slippage against its decisions, and the implementation shortfall by its causes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from genesis.core.money import ZERO, ratio, total, worth
from genesis.ledger.currency import NO_CONVERSION
from genesis.ledger.decisions import Opportunity
from genesis.ledger.execution import RecentFill
from genesis.ledger.holding import Holding

NO_MEASURED_FILLS = "no_measured_fills"
NO_DECISION_PRICE = "no_decision_price"
NO_SIGNALS = "no_signals"
_FILL_PARTS = ("delay", "spread", "impact", "fees")
PARTS = (*_FILL_PARTS, "opportunity")
_NOTHING: Mapping[str, Decimal | None] = dict.fromkeys(_FILL_PARTS, ZERO)
_UNKNOWN: Mapping[str, Decimal | None] = dict.fromkeys(_FILL_PARTS)


@dataclass(frozen=True, slots=True)
class SymbolExecution:
    """A strategy's execution in one symbol."""

    symbol: str
    slippage: Decimal | None
    """Σ side × quantity × (price − decision price), in the reporting currency; above 0 it cost."""
    mean_slippage_ratio: float | None
    """The same over Σ quantity × decision price: the mean slippage, weighted by value; None without a decision price."""
    shortfall: Mapping[str, Decimal | None]
    """Part → money, in the reporting currency; above 0 it cost. None without a fill that is measured, or without a rate."""


@dataclass(frozen=True, slots=True)
class ExecutionFigures:
    """A strategy's execution. Money is in the reporting currency, above 0 where it cost; what is None has its reason."""

    slippage: Decimal | None
    mean_slippage_ratio: float | None
    expected_slippage_ratio: Decimal | None
    """What strategies.yaml expects; None where it does not say."""
    shortfall: Mapping[str, Decimal | None]
    """Part → money. The parts add up to what the paper portfolio would have made beyond the real one."""
    measured_fills: int
    """Fills that are in the shortfall, voided ones included: it never falls."""
    unmeasured_fills: int
    measured_signals: int
    """Signals that ended with an unfilled rest, which is in the shortfall."""
    unmeasured_signals: int
    symbols: tuple[SymbolExecution, ...]
    recent_fills: tuple[RecentFill, ...]
    """The last ones, the oldest first; none that is void."""
    undefined: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Symbol:
    """What is known of one symbol, in the symbol's currency, and its rate."""

    symbol: str
    holding: Holding | None
    opportunity: Opportunity | None
    rate: Decimal | None
    rates: Mapping[str, Decimal]

    def slippage(self) -> Decimal | None:
        return ZERO if self.holding is None else worth(self.holding.execution.slippage, self.rate)

    def decided(self) -> Decimal | None:
        return ZERO if self.holding is None else worth(self.holding.execution.decided, self.rate)

    def shortfall(self) -> dict[str, Decimal | None]:
        missed = worth(self.opportunity.missed, self.rate) if self.opportunity is not None else ZERO
        if self.holding is None or not self.holding.execution.measured:
            return {**_NOTHING, "opportunity": missed}
        done = self.holding.execution
        return {
            "delay": worth(done.delay, self.rate),
            "spread": worth(done.spread, self.rate),
            "impact": worth(done.impact, self.rate),
            "fees": total(worth(fee, self.rates.get(currency)) for currency, fee in done.fees.items()),
            "opportunity": missed,
        }

    def execution(self, shortfall: Mapping[str, Decimal | None]) -> SymbolExecution:
        done = self.holding.execution if self.holding is not None else None
        unmeasured = done is None or not done.measured
        return SymbolExecution(
            symbol=self.symbol,
            slippage=self.slippage() if done is not None and done.decided else None,
            mean_slippage_ratio=ratio(done.slippage, done.decided) if done is not None and done.decided else None,
            shortfall={**_UNKNOWN, "opportunity": shortfall["opportunity"]} if unmeasured else shortfall,
        )


def execution_figures(
    holdings: Iterable[Holding],
    opportunities: Mapping[str, Opportunity],
    currencies: Mapping[str, str],
    rates: Mapping[str, Decimal],
    *,
    expected: Decimal | None = None,
    recent: Iterable[RecentFill] = (),
) -> ExecutionFigures:
    """The execution of one strategy, valued at the rates of now.

    Args:
        holdings: of the strategy.
        opportunities: symbol → what its signals there have missed.
        currencies: symbol → the currency that it is quoted in, of all symbols above.
        rates: currency → what one unit is worth in the reporting currency.
        expected: the slippage that its config expects, as a ratio.
        recent: its last fills.
    """
    held = {holding.symbol: holding for holding in holdings if holding.turnover or holding.voided.turnover}
    symbols = [
        _Symbol(symbol, held.get(symbol), opportunities.get(symbol), rates.get(currencies[symbol]), rates)
        for symbol in dict.fromkeys((*held, *opportunities))
    ]
    parts = [symbol.shortfall() for symbol in symbols]
    shortfall = {part: total(one[part] for one in parts) for part in PARTS}
    slippage, decided = (total(symbol.slippage() for symbol in symbols), total(symbol.decided() for symbol in symbols))
    undefined = _undefined(held.values(), opportunities, shortfall)
    fills = sum(_fills(holding) for holding in held.values())
    measured = sum(holding.execution.measured + holding.voided.measured for holding in held.values())
    if not any(holding.execution.decided for holding in held.values()):
        slippage, undefined = None, undefined | dict.fromkeys(("slippage", "mean_slippage_ratio"), NO_DECISION_PRICE)
    elif slippage is None or decided is None:
        unknown = ("slippage", "mean_slippage_ratio") if slippage is None else ("mean_slippage_ratio",)
        undefined |= dict.fromkeys(unknown, NO_CONVERSION)
    return ExecutionFigures(
        slippage=slippage,
        mean_slippage_ratio=ratio(slippage, decided) if slippage is not None and decided else None,
        expected_slippage_ratio=expected,
        shortfall={part: None if f"shortfall_{part}" in undefined else amount for part, amount in shortfall.items()},
        measured_fills=measured,
        unmeasured_fills=fills - measured,
        measured_signals=sum(one.measured for one in opportunities.values()),
        unmeasured_signals=sum(one.unmeasured for one in opportunities.values()),
        symbols=tuple(symbol.execution(part) for symbol, part in zip(symbols, parts, strict=True)),
        recent_fills=tuple(recent),
        undefined=undefined,
    )


def _undefined(
    held: Iterable[Holding], opportunities: Mapping[str, Opportunity], shortfall: Mapping[str, Decimal | None]
) -> dict[str, str]:
    """Figure → why it is not defined, of the parts of the shortfall."""
    undefined = {f"shortfall_{part}": NO_CONVERSION for part, amount in shortfall.items() if amount is None}
    if not any(holding.execution.measured for holding in held):
        undefined |= {f"shortfall_{part}": NO_MEASURED_FILLS for part in _FILL_PARTS}
    if not opportunities:
        undefined["shortfall_opportunity"] = NO_SIGNALS
    return undefined


def _fills(holding: Holding) -> int:
    """How many fills were ever counted."""
    turnovers = (holding.turnover, holding.voided.turnover)
    return sum(turnover.fills for one in turnovers for side in one.values() for turnover in side.values())
