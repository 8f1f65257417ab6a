"""Grafana boards as code. `boards()` is the whole interface; `genesis generate` writes the JSON to grafana/dashboards/."""

from __future__ import annotations

import json
from collections.abc import Sequence

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from genesis.boards.strategies import strategies_board


def boards(currency: str = "USDT", strategies: Sequence[str] = ()) -> dict[str, str]:
    """Every board as file name → JSON text, the same text for the same arguments.

    Args:
        currency: the account's reporting currency; it stands beside each sum of money.
        strategies: the names known before the start. Each gets a colour of its own, the same on every panel, in this order.
    """
    made = {"strategies.json": strategies_board(currency, strategies)}
    return {name: json.dumps(board, cls=JSONEncoder, indent=2, sort_keys=True) + "\n" for name, board in made.items()}
