"""Grafana boards as code. `boards()` is the whole interface; `genesis generate` writes the JSON to grafana/dashboards/."""

from __future__ import annotations

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from genesis.boards import places
from genesis.boards.execution import execution_board
from genesis.boards.frame import BoardSettings
from genesis.boards.portfolio import portfolio_board
from genesis.boards.risk import risk_board
from genesis.boards.rotation import rotation_board
from genesis.boards.service import service_board
from genesis.boards.strategy import strategy_board

__all__ = ["BoardSettings", "boards"]

_MAKERS = {
    places.PORTFOLIO: portfolio_board,
    places.STRATEGY: strategy_board,
    places.RISK: risk_board,
    places.EXECUTION: execution_board,
    places.ROTATION: rotation_board,
    places.SERVICE: service_board,
}


def boards(settings: BoardSettings) -> dict[str, str]:
    """Every board as file name → JSON text, the same text for the same settings."""
    made = {f"{place.name}.json": make(settings) for place, make in _MAKERS.items()}
    return {name: json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True) + "\n" for name, board in made.items()}
