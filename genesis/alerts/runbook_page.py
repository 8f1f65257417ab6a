"""The runbooks as a page: where the link of a notification leads."""

from __future__ import annotations

from html import escape

from genesis.alerts.messages import Runbook
from genesis.alerts.settings import AlertSettings
from genesis.settings.trading_rules import TradingRules


def runbook_page(settings: AlertSettings, limits: TradingRules) -> str:
    """All runbooks as one HTML page; the anchor of each is the alert's name in lower case, as `runbook_url` has it."""
    sections = "".join(_section(name, one.alert.runbook, one.board()) for name, one in settings.configured(limits).items())
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Runbooks</title>\n'
        "<style>body { font-family: sans-serif; margin: 1em auto; max-width: 50em; padding: 0 1em; line-height: 1.5;"
        " overflow-wrap: anywhere; }"
        " pre { background: #eee; padding: .5em; white-space: pre-wrap; }</style></head>\n"
        f"<body>\n<h1>Runbooks</h1>\n{sections}</body>\n</html>\n"
    )


def _section(alert: str, runbook: Runbook, board: str) -> str:
    queries = "".join(f"<p>{escape(one.question)}</p>\n<pre>{escape(one.query)}</pre>\n" for one in runbook.queries)
    return (
        f'<section id="{alert.lower()}">\n<h2>{alert}</h2>\n<p>{escape(runbook.meaning)}</p>\n'
        f'<h3>What to look at</h3>\n<p>The board: <a href="{escape(board)}">{escape(board)}</a></p>\n{queries}'
        f"<h3>What to do</h3>\n<p>{escape(runbook.action)}</p>\n"
        f"<h3>When it is a false alarm</h3>\n<p>{escape(runbook.false_alarm)}</p>\n</section>\n"
    )
