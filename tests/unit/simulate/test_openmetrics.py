"""Which metrics expressions name, and how labels of any signs are written."""

from __future__ import annotations

import io

import pytest

from genesis.metrics import catalog
from genesis.metrics.table import Table
from genesis.simulate import openmetrics
from genesis.simulate.openmetrics import OpenMetrics, named_metrics


def test_metrics_are_found_in_expressions() -> None:
    found = named_metrics(
        ['a_genesis_strategy_beta + genesis_strategy_equity{window="1h"}', "max(genesis_strategy_capital) or up"]
    )
    assert found == {"genesis_strategy_equity", "genesis_strategy_capital"}
    assert named_metrics(['{__name__=~"genesis_.*"}']) == frozenset(catalog.BY_NAME)


def test_lines_hold_labels_of_any_signs_and_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class OneGroup:
        metrics = (catalog.STRATEGY_NET_PNL, catalog.STRATEGY_BETA, catalog.PORTFOLIO_EQUITY)

        def tables(self, _: object) -> list[Table]:
            pnl, beta, equity = (Table(metric) for metric in self.metrics)
            pnl.put(1.5, ('a "b"\\c\nd',))
            beta.put(1.0, ("a",))
            equity.put(7, ())
            return [pnl, beta, equity]

    monkeypatch.setattr(openmetrics, "GROUPS", {"one": OneGroup()})
    monkeypatch.setattr(openmetrics, "FoldedSnapshot", lambda *_: None)
    file = io.BytesIO()
    metrics = frozenset({"genesis_strategy_net_pnl", "genesis_portfolio_equity"})
    told = OpenMetrics(file, metrics, suffix="#3", extra={"seed": "3"})
    told.write(None, 12.5)  # type: ignore[arg-type]  # nothing is read of it
    assert file.getvalue().decode() == (
        'genesis_strategy_net_pnl{strategy="a \\"b\\"\\\\c\\nd#3"} 1.5 12.500\ngenesis_portfolio_equity{seed="3"} 7 12.500\n'
    )
