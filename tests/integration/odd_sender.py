"""What senders do when things go wrong, so that boards have it to show: gaps, repeats, late and refused events, breaks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import aiohttp

_LATE = timedelta(minutes=10)
_NUMBERS = (1, 2, 6, 3, 6)
"""In this order: two as they should be, a gap, one of those that were missing, one again."""


async def send_oddities(client: aiohttp.ClientSession, monitor: str, strategy: str, turn: int) -> None:
    """Send the monitor at this address one of each; no amount is other than 0. The statement's figures agree with no books."""
    source, now = f"desk-{turn}", datetime.now(UTC)
    flow = {"kind": "capital_flow", "source": source, "strategy": strategy, "amount": "0", "time": now.isoformat()}
    fill = {**flow, "kind": "fill", "symbol": "BTCUSDT", "side": "buy", "quantity": "-1", "price": "1", "event_id": "refused"}
    events = [
        *({**flow, "event_id": f"number-{place}", "seq": number} for place, number in enumerate(_NUMBERS)),
        {**flow, "event_id": "late", "time": (now - _LATE).isoformat()},
        {**flow, "event_id": "late", "time": now.isoformat()},  # conflicts with the one before it
        {key: value for key, value in fill.items() if key != "amount"},
    ]
    lines = "\n".join(map(json.dumps, events))
    async with client.post(f"{monitor}/api/v1/events", data=lines, headers={"Content-Type": "application/x-ndjson"}) as answer:
        assert answer.status == 200, await answer.text()
    async with client.post(f"{monitor}/api/v1/events", data="?", headers={"Content-Type": "text/html"}) as answer:
        assert answer.status >= 400
    statement = f"strategy,symbol,currency,quantity\n{strategy},BTCUSDT,,12345\n{strategy},,USDT,1\n"
    async with client.post(f"{monitor}/api/v1/statement", params={"strategy": strategy}, data=statement) as answer:
        assert answer.status == 200, await answer.text()
        assert (await answer.json())["total_breaks"] > 0
