"""Alerts on a board: a list with a link to each rule, and a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grafana_foundation_sdk.builders import dashboard, table

from genesis.boards import queries, style
from genesis.boards.panels import Caption
from genesis.boards.tables import grid, reshaped, sorted_by, strategy_link
from genesis.boards.targets import rows

_SEVERITIES: Final = {
    "critical": ("critical", style.CRITICAL),
    "warning": ("warning", style.WARNING),
    "info": ("info", style.GAIN),
}


def alert_list() -> dashboard.Panel:
    """Grafana's own alert list; the SDK has no builder for it."""
    return (
        dashboard.Panel()
        .type("alertlist")
        .title("Alert rules")
        .description(
            "Prometheus rules that are firing or pending, newest first. Each links to what it means and what to do. Empty: no "
            "rule is firing or pending."
        )
        .options(
            {
                "alertInstanceLabelFilter": '{alertname!="Watchdog"}',
                "alertName": "",
                "dashboardAlerts": False,
                "groupBy": [],
                "groupMode": "default",
                "maxItems": 20,
                "sortOrder": 5,
                "stateFilter": {"error": True, "firing": True, "noData": False, "normal": False, "pending": True},
                "viewMode": "list",
            }
        )
    )


def alert_table(strategy: str, *, hidden: Sequence[str] = ()) -> table.Panel:
    """The alerts whose strategy fulfils the matcher, firing and critical first; `hidden` labels are not shown as columns."""
    caption = Caption(
        "Alerts",
        "Alerts that are pending or firing, and for how long their condition has been true. Alerts of the account have no "
        "strategy. About: what distinguishes alerts of one name: the symbol, the period of a loss, or the other strategy of a "
        "pair.",
        "No alert is pending or firing, or Prometheus does not evaluate the rules.",
    )
    panel = (
        grid(caption)
        .with_target(rows(queries.raised_alerts(strategy)))
        .override_by_name("Alert", [style.width(180)])
        .override_by_name("State", [style.width(76)])
        .override_by_name("Held for", [*style.unit(style.CLOCK), style.width(104)])
        .override_by_name("Severity", [style.words(_SEVERITIES), style.coloured_text(), style.width(104)])
        .override_by_name("Strategy", [strategy_link()])
    )
    names = {
        "alertname": "Alert",
        "severity": "Severity",
        "alertstate": "State",
        "strategy": "Strategy",
        "about": "About",
        "Value": "Held for",
    }
    shown = {label: name for label, name in names.items() if label not in hidden}
    return sorted_by(reshaped(panel, shown, hidden), "State", "Severity", "Held for")
