"""What a notification says. One text serves two ends: the rules fill it with Go templates, the rule tests with literals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from genesis.alerts.settings import Links


class Message(NamedTuple):
    """The texts of one alert, in which words in braces are filled in, and the board to look at."""

    summary: str
    description: str
    board: str = ""
    """The end of its address in Grafana: `TOPICS` of `alerts/` has it."""


def annotate(
    alert: str, message: Message, words: Mapping[str, str], links: Links, strategy: str | None = None
) -> dict[str, str]:
    """The annotations of an alert.

    Args:
        alert: its name.
        message: its texts.
        words: what stands for the words in braces.
        links: where the links lead.
        strategy: the strategy as it stands in an address; None for an alert that has none.
    """
    return {
        "summary": message.summary.format_map(words),
        "description": message.description.format_map(words),
        "runbook_url": f"{links.runbooks}#{alert.lower()}",
        "dashboard_url": board(links, message.board, strategy),
    }


def board(links: Links, uid: str, strategy: str | None = None) -> str:
    """The address of the board; with `strategy`, as it stands in an address, it shows that strategy alone."""
    base, _, query = links.grafana.partition("?")
    asked = "&".join(part for part in (query, f"var-strategy={strategy}" if strategy is not None else "") if part)
    return f"{base.rstrip('/')}/d/{uid}" + (f"?{asked}" if asked else "")
