"""The boards by title and URL, and the links between them, which keep the time range."""

from __future__ import annotations

from typing import Final, NamedTuple

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard as model

CARRIED: Final = "${__url_time_range}&${datasource:queryparam}"
"""URL parameters that every link carries over: the time range and the data source."""


class LinkedBoard(NamedTuple):
    """A board's title, the last part of its uid, and the question that it answers."""

    title: str
    name: str
    question: str

    @property
    def uid(self) -> str:
        """The board's uid in Grafana. It is part of the URL, so it never changes."""
        return f"genesis-{self.name}"

    @property
    def short(self) -> str:
        """The text of the link: one word, because six links share a line."""
        return self.title.split()[0]

    @property
    def path(self) -> str:
        """The path of the board below Grafana's URL."""
        return f"/d/{self.uid}"


PORTFOLIO: Final = LinkedBoard("Portfolio", "portfolio", "Is the account making money, and which strategy is it?")
STRATEGY: Final = LinkedBoard("Strategy", "strategy", "Where does one strategy's P&L come from, and is it still what it was?")
RISK: Final = LinkedBoard("Risk", "risk", "How much can be lost, and which strategies are the same bet?")
EXECUTION: Final = LinkedBoard(
    "Execution", "execution", "What does trading cost, and how much more capital can a strategy use?"
)
ROTATION: Final = LinkedBoard(
    "Rotation and alerts", "rotation", "What did rotation do, and why? Which alerts fire, and which fired before?"
)
SERVICE: Final = LinkedBoard("Genesis itself", "service", "Is what the other boards show complete, correct and current?")
ALL: Final = (PORTFOLIO, STRATEGY, RISK, EXECUTION, ROTATION, SERVICE)


def link_bar(of: LinkedBoard) -> list[Builder[model.DashboardLink]]:
    """The links at the top of a board: the same on all boards."""
    return [_link(of, to) for to in ALL]


def strategy_url(strategy: str) -> str:
    """The URL of one strategy's board; `strategy` is a Grafana expression that gives the URL-encoded name."""
    return f"{STRATEGY.path}?var-strategy={strategy}&{CARRIED}"


def _link(of: LinkedBoard, to: LinkedBoard) -> dashboard.DashboardLink:
    link = dashboard.DashboardLink(to.short).type(model.DashboardLinkType.LINK).tooltip(to.question).icon("dashboard")
    link.keep_time(True)
    if to is STRATEGY and of is not STRATEGY:  # "All" is not a strategy, so the choice is not carried over
        return link.url(f"{to.path}?${{datasource:queryparam}}")
    return link.url(to.path).include_vars(True)
