"""What the reader of a board may choose on top of it."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as model

from genesis.boards import queries
from genesis.boards.targets import SOURCE
from genesis.metrics import catalog
from genesis.metrics.metric import Metric

Variable = dashboard.DatasourceVariable | dashboard.QueryVariable | dashboard.CustomVariable

MOST_LINES: Final = "8"


def data_source() -> dashboard.DatasourceVariable:
    """The Prometheus to ask."""
    return dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")


def strategies() -> dashboard.QueryVariable:
    """Any number of strategies, all at first; those that appear while the board is open are shown too."""
    everything = model.VariableOption(selected=True, text=["All"], value=["$__all"])
    variable = _asked("strategy", "Strategy", catalog.STRATEGY_CAPITAL)
    return variable.current(everything).multi(True).include_all(True).all_value(".+")


def strategy() -> dashboard.QueryVariable:
    """One strategy."""
    return _asked("strategy", "Strategy", catalog.STRATEGY_CAPITAL)


def window() -> dashboard.QueryVariable:
    """The window of rolling figures: one of those in monitor.yaml, or all since the start."""
    since_start = model.VariableOption(selected=True, text="all", value="all")
    variable = _asked("window", "Window", catalog.STRATEGY_WINDOW_TRADES)
    return variable.current(since_start).description("All figures with a window are of this one; all is since the start.")


def of_label(name: str, label: str, metric: Metric, first: str) -> dashboard.QueryVariable:
    """One of the values that the metric's label `name` has; `first` when the board is opened."""
    chosen = model.VariableOption(selected=True, text=first, value=first)
    return _asked(name, label, metric).current(chosen)


def most_lines() -> dashboard.CustomVariable:
    """How many strategies a chart draws at most."""
    return (
        dashboard.CustomVariable("lines")
        .label("Lines")
        .description("A chart of strategies draws so many, those furthest from zero at its end; tables have all.")
        .values(f"4,{MOST_LINES},16,50")
        .current(model.VariableOption(selected=True, text=MOST_LINES, value=MOST_LINES))
    )


def _asked(name: str, label: str, metric: Metric) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query({"qryType": 1, "query": queries.known(metric, name), "refId": name})
        .refresh(model.VariableRefresh.ON_DASHBOARD_LOAD)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
    )
