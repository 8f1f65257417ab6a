"""The variables at the top of a board, which the reader may choose."""

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
    """The Prometheus data source."""
    return dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")


def strategies() -> dashboard.QueryVariable:
    """Any number of strategies; all by default, which includes strategies that appear while the board is open."""
    everything = model.VariableOption(selected=True, text=["All"], value=["$__all"])
    variable = _label_variable("strategy", "Strategy", catalog.STRATEGY_CAPITAL)
    return variable.current(everything).multi(True).include_all(True).all_value(".+")


def strategy() -> dashboard.QueryVariable:
    """One strategy."""
    return _label_variable("strategy", "Strategy", catalog.STRATEGY_CAPITAL)


def window() -> dashboard.QueryVariable:
    """The window of rolling figures: one of those in monitor.yaml, or all, since start."""
    since_start = model.VariableOption(selected=True, text="all", value="all")
    variable = _label_variable("window", "Window", catalog.STRATEGY_WINDOW_TRADES)
    return variable.current(since_start).description("The window of all figures that have one; all: since start.")


def of_label(name: str, label: str, metric: Metric, first: str) -> dashboard.QueryVariable:
    """One of the values of the metric's label `name`; `first` when the board is opened."""
    chosen = model.VariableOption(selected=True, text=first, value=first)
    return _label_variable(name, label, metric).current(chosen)


def most_lines() -> dashboard.CustomVariable:
    """The largest number of strategies on a chart."""
    return (
        dashboard.CustomVariable("lines")
        .label("Lines")
        .description("The largest number of strategies on a chart: those furthest from zero at its end. Tables show all.")
        .values(f"4,{MOST_LINES},16,50")
        .current(model.VariableOption(selected=True, text=MOST_LINES, value=MOST_LINES))
    )


def _label_variable(name: str, label: str, metric: Metric) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query({"qryType": 1, "query": queries.known(metric, name), "refId": name})
        .refresh(model.VariableRefresh.ON_DASHBOARD_LOAD)
        .sort(model.VariableSort.ALPHABETICAL_ASC)
    )
