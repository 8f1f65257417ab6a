"""The P&L that weights would have earned on the strategies' returns, compared with no rotation and equal weights.

A strategy's return over a step is the change of its net P&L over the capital that it had. A weight earns weight × return × the
capital of all strategies: P&L scales with the weight, as it does where orders do not move the market.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

ROTATION = "rotation"
NO_ROTATION = "no rotation"
EQUAL_WEIGHT = "equal weight"
PLANS = (ROTATION, NO_ROTATION, EQUAL_WEIGHT)


class Account(NamedTuple):
    """A strategy's money at a moment."""

    pnl: float
    """Net, since its start."""
    capital: float


class Result:
    """The result of one plan."""

    def __init__(self) -> None:
        self.pnl = 0.0
        self.max_drawdown = 0.0
        """The deepest fall of the P&L below its peak, which starts at 0; in money."""
        self.turnover = 0.0
        """Σ over the steps of the larger of all raises and all cuts, as a share of the capital."""
        self._peak = 0.0
        self._exposure = 0.0
        self._steps = 0

    @property
    def exposure(self) -> float:
        """The mean sum of the weights."""
        return self._exposure / self._steps if self._steps else 0.0

    @property
    def pnl_at_full_exposure(self) -> float | None:
        """P&L over the mean exposure: what it would be without a reserve; None if nothing was ever invested."""
        return self.pnl / self.exposure if self.exposure else None

    def book(self, weights: Mapping[str, float], returns: Mapping[str, float], capital: float) -> None:
        """Book a step in which `weights` were held."""
        self.pnl += capital * sum(weights.get(name, 0.0) * earned for name, earned in returns.items())
        self._peak = max(self._peak, self.pnl)
        self.max_drawdown = max(self.max_drawdown, self._peak - self.pnl)
        self._exposure += sum(weights.values())
        self._steps += 1

    def move(self, before: Mapping[str, float], after: Mapping[str, float]) -> None:
        changes = [after.get(name, 0.0) - before.get(name, 0.0) for name in {**before, **after}]
        self.turnover += max(sum(c for c in changes if c > 0), -sum(c for c in changes if c < 0))


class Comparison:
    """The plans side by side, step by step."""

    def __init__(self) -> None:
        self.results = {plan: Result() for plan in PLANS}
        self.earned: dict[str, float] = {}
        """Strategy → its P&L as it was."""
        self.gaps: dict[str, int] = {}
        """Strategy → steps without its P&L; the P&L of a gap is booked when its figures return."""
        self.returns: dict[str, float] = {}
        """Strategy → its return over the last step."""
        self._known: dict[str, Account] = {}
        self._held: dict[str, dict[str, float]] = {}

    @property
    def capital(self) -> float:
        """The capital of all strategies, by their last known figures."""
        return sum(account.capital for account in self._known.values())

    def step(self, accounts: Mapping[str, Account], weights: Mapping[str, float]) -> None:
        """Book the returns since the last step with the weights that were held; then hold the new weights.

        Args:
            accounts: strategy → its money now; strategies with unknown figures are left out.
            weights: strategy → its weight by rotation now.
        """
        self.returns = self._take(accounts)
        for plan, held in self._held.items():
            self.results[plan].book(held, self.returns, self.capital)
        self._know(accounts)
        plans = {ROTATION: dict(weights), NO_ROTATION: self._as_it_was(), EQUAL_WEIGHT: self._equal()}
        for plan, held in self._held.items():
            self.results[plan].move(held, plans[plan])
        self._held = plans

    def _take(self, accounts: Mapping[str, Account]) -> dict[str, float]:
        returns = {}
        for name, before in self._known.items():
            now = accounts.get(name)
            if now is None:
                self.gaps[name] = self.gaps.get(name, 0) + 1
                continue
            self.earned[name] = self.earned.get(name, 0.0) + now.pnl - before.pnl
            if before.capital > 0:
                returns[name] = (now.pnl - before.pnl) / before.capital
        return returns

    def _know(self, accounts: Mapping[str, Account]) -> None:
        self._known.update(accounts)

    def _as_it_was(self) -> dict[str, float]:
        total = self.capital
        return {name: account.capital / total for name, account in self._known.items()} if total > 0 else {}

    def _equal(self) -> dict[str, float]:
        traded = [name for name, account in self._known.items() if account.capital > 0]
        return {name: 1 / len(traded) for name in traded}
