"""The four kinds of query of panels: lines over time, a current value, the rows of a table, the buckets of a heatmap."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import prometheus
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

SOURCE: Final = model.DataSourceRef(type_val="prometheus", uid="${datasource}")


def lines(expr: str, legend: str, ref: str = "A") -> prometheus.Dataquery:
    """A query over the board's time range."""
    return prometheus.Dataquery().expr(expr).range().legend_format(legend).ref_id(ref).datasource(SOURCE)


def now(expr: str, legend: str, ref: str = "A") -> prometheus.Dataquery:
    """A query at the end of the time range: one value for each series.

    A range query would keep the last figure on the board long after the monitor has stopped.
    """
    return prometheus.Dataquery().expr(expr).instant().legend_format(legend).ref_id(ref).datasource(SOURCE)


def rows(expr: str, ref: str = "A") -> prometheus.Dataquery:
    """A query at the end of the time range as rows of a table: labels become columns."""
    return now(expr, "__auto", ref).format(PromQueryFormat.TABLE)


def buckets(expr: str, ref: str = "A") -> prometheus.Dataquery:
    """A query over the board's time range whose series are a histogram's buckets, by `le`."""
    return lines(expr, "{{le}}", ref).format(PromQueryFormat.HEATMAP)
