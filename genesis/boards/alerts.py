"""Alerts on a board: as a list with the way to each rule, as a table, and as marks on the charts."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import common, dashboard, table
from grafana_foundation_sdk.models import dashboard as model

from genesis.boards import queries, style


def alert_list() -> dashboard.Panel:
    """Grafana's own alert list; the SDK has no builder for it."""
    return (
        dashboard.Panel()
        .type("alertlist")
        .title("Alert rules")
        .description(
            "Rules of Prometheus that are firing or pending, newest first, with the way to what each means and what to do."
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


def alert_table() -> table.Panel:
    panel = (
        style.grid(
            "Alerts",
            "Alerts that are pending or firing, and for how long their condition holds. Those of the account have no strategy.",
        )
        .with_target(style.rows(queries.raised_alerts()))
        .override_by_name("Alert", [style.width(160)])
        .override_by_name("State", [style.width(70)])
        .override_by_name("Held for", [model.DynamicConfigValue("unit", style.CLOCK), style.width(104)])
        .override_by_name(
            "Severity", _coloured_words({"critical": style.CRITICAL, "warning": style.WARNING, "info": style.GAIN})
        )
    )
    names = {
        "alertname": "Alert",
        "severity": "Severity",
        "alertstate": "State",
        "strategy": "Strategy",
        "symbol": "Symbol",
        "Value": "Held for",
    }
    return style.reshaped(panel, names).sort_by([common.TableSortByFieldState().display_name("Held for").desc(False)])


def alert_marks() -> dict[str, Any]:
    """The annotation that marks on each chart when an alert began; the SDK's builder lacks the title and the value's use.

    The query's value is the time of the mark: one mark an alert, where its samples would shade the chart while it fires.
    """
    return {
        "name": "Alerts",
        "datasource": style.SOURCE,
        "enable": True,
        "expr": queries.alert_starts(),
        "hide": False,
        "iconColor": style.CRITICAL,
        "step": "1s",
        "tagKeys": "severity",
        "titleFormat": "{{alertname}} {{strategy}}",
        "useValueForTime": True,
    }


def _coloured_words(colours: dict[str, str]) -> list[model.DynamicConfigValue]:
    words = {word: {"color": colour, "index": index} for index, (word, colour) in enumerate(colours.items())}
    return [
        model.DynamicConfigValue("mappings", [{"type": "value", "options": words}]),
        model.DynamicConfigValue("custom.cellOptions", {"type": "color-text"}),
        style.width(80),
    ]
