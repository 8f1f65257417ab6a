"""The demo's lines: what is unknown is a dash, and an alert is told once for each change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from genesis.core.models import Side
from genesis.demo.screen import Screen, describe, money, percent, table_rows
from genesis.stack.heartbeat import Pulse
from genesis.stack.native import StackAlert
from genesis.stack.sink import Notification, NotifiedAlert
from tests.unit.monitoring.account import capital, fill, monitor, quote

LABELS = {"alertname": "StrategyDrawdown", "severity": "warning", "strategy": "pairs"}
TEXT = {"summary": "pairs: drawdown 6 %"}


class StoppedClock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def timestamp(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds


def alert(state: str) -> StackAlert:
    return StackAlert(state, LABELS, TEXT)


def test_an_alert_is_told_once_for_each_change() -> None:
    said: list[str] = []
    clock = StoppedClock()
    screen = Screen(said.append, clock)
    clock.seconds = 1060.0
    screen.begin()
    for seconds, state in ((1, "pending"), (2, "pending"), (65, "firing"), (70, "firing"), (80, "")):
        clock.seconds = 1060.0 + seconds
        screen.alerts([alert(state)] if state else [])
    assert said == [
        "  0:01  ALERT     pending   StrategyDrawdown warning: pairs: drawdown 6 %",
        "  1:05  ALERT     firing    StrategyDrawdown warning: pairs: drawdown 6 %",
        "  1:20  ALERT     over      StrategyDrawdown warning: pairs",
    ]


def test_a_notification_is_one_line_an_alert_with_its_receiver() -> None:
    said: list[str] = []
    screen = Screen(said.append, StoppedClock())
    alerts = (NotifiedAlert("firing", LABELS, TEXT), NotifiedAlert("resolved", LABELS, TEXT))
    screen.notified(Notification(datetime.now(UTC), "desk", "firing", alerts))
    assert said == [
        "  0:00  NOTIFIED  FIRING    StrategyDrawdown warning: pairs: drawdown 6 %  → desk",
        "  0:00  NOTIFIED  RESOLVED  StrategyDrawdown warning: pairs  → desk",
    ]


def test_a_heartbeat_that_stops_stands_out() -> None:
    said: list[str] = []
    screen = Screen(said.append, StoppedClock())
    screen.heartbeat(Pulse(alive=False, silence=timedelta(minutes=3)))
    screen.heartbeat(Pulse(alive=True, silence=timedelta(minutes=4)))
    assert said == [
        "  0:00  HEARTBEAT LOST      no heartbeat for 3m: Prometheus or Alertmanager is broken, and no alert would arrive",
        "  0:00  HEARTBEAT back      the heartbeat is back after 4m",
    ]


@pytest.mark.parametrize(
    ("value", "signed", "text"),
    [
        (None, False, "-"),
        (None, True, "-"),
        (Decimal(0), True, "+0.00"),
        (Decimal("-1234567.891"), True, "-1,234,567.89"),
        (Decimal("4999.999"), False, "5,000.00"),
    ],
)
def test_money(value: Decimal | None, signed: bool, text: str) -> None:
    assert money(value, signed=signed) == text


@pytest.mark.parametrize(("ratio", "text"), [(None, "-"), (0.0, "0.00 %"), (Decimal("0.05"), "5.00 %"), (1.0, "100.00 %")])
def test_percent(ratio: float | Decimal | None, text: str) -> None:
    assert percent(ratio) == text


def test_an_alert_without_labels_still_has_words() -> None:
    assert describe({}, {}) == "-"


async def test_of_many_strategies_those_with_the_deepest_drawdown_are_shown_and_the_others_counted() -> None:
    names = [f"strategy_{number:02}" for number in range(15)]
    async with monitor() as made:
        await made.handle_batch([quote("99", "101"), *(capital("5000", name) for name in names)])
        for place, name in enumerate(names):
            await made.handle(fill(Side.BUY, str(place + 1), "100", strategy=name))
        await made.handle(quote("89", "91", seconds=1))
        rows = table_rows(made.snapshot())
    assert [row.split()[0] for row in rows[1:13]] == names[:2:-1]
    assert rows[13] == "… and 3 with less drawdown"
    assert rows[14].startswith("account")
