"""The boards by name and address, and the links between them: each leads to every other one, on the same time range."""

from __future__ import annotations

from typing import Final, NamedTuple

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

HERE: Final = "${__url_time_range}&${datasource:queryparam}"
"""What every address hands on: the time range and the data source."""


class Place(NamedTuple):
    """A board's name, the end of its address, and the question it answers."""

    title: str
    name: str
    about: str

    @property
    def uid(self) -> str:
        """What Grafana knows the board by; part of its address, so it never changes."""
        return f"genesis-{self.name}"

    @property
    def short(self) -> str:
        """What the links say: six of them share a line."""
        return self.title.split()[0]

    @property
    def path(self) -> str:
        """The address below Grafana's own."""
        return f"/d/{self.uid}"


PORTFOLIO: Final = Place("Portfolio", "portfolio", "Is the account making money, and which strategy is it?")
STRATEGY: Final = Place("Strategy", "strategy", "Where does one strategy's P&L come from, and is it still what it was?")
RISK: Final = Place("Risk", "risk", "What can be lost, and which strategies are the same bet?")
EXECUTION: Final = Place("Execution", "execution", "What does trading cost, and how much more capital can a strategy use?")
ROTATION: Final = Place("Rotation and alerts", "rotation", "What did rotation do, and why; what fires, and what fired?")
SERVICE: Final = Place("Genesis itself", "service", "Is what the other boards show complete, correct and of now?")
PLACES: Final = (PORTFOLIO, STRATEGY, RISK, EXECUTION, ROTATION, SERVICE)


def links(of: Place) -> list[Builder[model.DashboardLink]]:
    """The bar of links on top of a board, the same on all."""
    return [_link(of, to) for to in PLACES]


def strategy_address(strategy: str) -> str:
    """The address of one strategy's board; `strategy` is an expression of Grafana's that gives its name as in an address."""
    return f"{STRATEGY.path}?var-strategy={strategy}&{HERE}"


def _link(of: Place, to: Place) -> dashboard.DashboardLink:
    link = dashboard.DashboardLink(to.short).type(model.DashboardLinkType.LINK).tooltip(to.about).icon("dashboard")
    link.keep_time(True)
    if to is STRATEGY and of is not STRATEGY:  # "All" is no strategy, so what is picked stays behind
        return link.url(f"{to.path}?${{datasource:queryparam}}")
    return link.url(to.path).include_vars(True)
