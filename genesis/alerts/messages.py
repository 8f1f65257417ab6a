"""What people read when an alert fires: the message of the notification, the board and the runbook that it links."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from genesis.alerts.notify.receiver_settings import Url
from genesis.settings.section import Section


class Links(Section):
    """The addresses that a notification sends its reader to."""

    runbooks: Url
    """The page of the runbooks; the alert's name in lower case is the anchor on it."""
    grafana: Url
    """Grafana. Each alert leads to the board of its topic, with its strategy as `var-strategy`. A query of this address, such
    as `?orgId=2`, is kept."""


class Board(StrEnum):
    """The boards that notifications lead to, by the end of their address in Grafana."""

    PORTFOLIO = "genesis-portfolio"
    STRATEGY = "genesis-strategy"
    RISK = "genesis-risk"
    EXECUTION = "genesis-execution"
    ROTATION = "genesis-rotation"
    SERVICE = "genesis-service"


class Message(NamedTuple):
    """The texts of one alert. Words in braces are filled in: with Go templates in rules, with literals in test alerts."""

    summary: str
    description: str


class RunbookQuery(NamedTuple):
    """A question that the reader of a runbook asks, and the query that answers it."""

    question: str
    query: str
    """PromQL."""


class Runbook(NamedTuple):
    """What to do about one alert, for the person it wakes. It stands in docs/alerts.md and on the page of the runbooks."""

    meaning: str
    queries: tuple[RunbookQuery, ...]
    action: str
    false_alarm: str


def board_address(links: Links, board: Board, strategy: str | None = None) -> str:
    """The address of the board. With `strategy`, encoded for an address, the board shows only that strategy."""
    base, _, query = links.grafana.partition("?")
    asked = "&".join(part for part in (query, f"var-strategy={strategy}" if strategy is not None else "") if part)
    return f"{base.rstrip('/')}/d/{board}" + (f"?{asked}" if asked else "")


def runbook_address(links: Links, alert: str) -> str:
    """The address of the alert's runbook."""
    return f"{links.runbooks}#{alert.lower()}"


def filled(message: Message, words: Mapping[str, str]) -> dict[str, str]:
    """The texts as annotations, with `words` for the words in braces."""
    return {"summary": message.summary.format_map(words), "description": message.description.format_map(words)}
