"""What a notification says. One text serves two ends: the rules fill it with Go templates, the rule tests with literals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from genesis.core.alert_config import Links


class Message(NamedTuple):
    """The texts of one alert; words in braces are filled in."""

    summary: str
    description: str


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
        "dashboard_url": board(links, strategy),
    }


def board(links: Links, strategy: str | None = None) -> str:
    """The address of the board; with `strategy`, as it stands in an address, it shows that strategy alone."""
    joint = "&" if "?" in links.board else "?"
    return links.board if strategy is None else f"{links.board}{joint}var-strategy={strategy}"
