"""Grafana boards as code. `boards()` is the whole interface; `genesis generate` writes the JSON to grafana/dashboards/."""

from __future__ import annotations

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from genesis.boards import links
from genesis.boards.execution import execution_board
from genesis.boards.frame import BoardSettings
from genesis.boards.portfolio import portfolio_board
from genesis.boards.risk import risk_board
from genesis.boards.rotation import rotation_board
from genesis.boards.service import service_board
from genesis.boards.strategy import strategy_board

__all__ = ["BoardSettings", "boards"]

_MAKERS = {
    links.PORTFOLIO: portfolio_board,
    links.STRATEGY: strategy_board,
    links.RISK: risk_board,
    links.EXECUTION: execution_board,
    links.ROTATION: rotation_board,
    links.SERVICE: service_board,
}


def boards(settings: BoardSettings) -> dict[str, str]:
    """Return every board: file name → JSON text. The same settings give the same text."""
    made = {f"{linked.name}.json": make(settings) for linked, make in _MAKERS.items()}
    return {name: json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True) + "\n" for name, board in made.items()}
