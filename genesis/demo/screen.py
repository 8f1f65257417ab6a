"""The demo's terminal output: snapshots, alerts and notifications as lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from genesis.core.clock import Clock
from genesis.snapshot import MonitorSnapshot
from genesis.stack.heartbeat import Pulse
from genesis.stack.native import StackAlert
from genesis.stack.sink import Notification

_ROW = "{:<20}{:>12}{:>12}{:>10}{:>8}{:>10}"
_HEAD = _ROW.format("strategy", "equity", "net P&L", "drawdown", "trades", "win rate")
UNKNOWN = "-"
_MAX_ROWS = 12
"""The most rows of the table: those with the deepest drawdown."""


class Screen:
    """Writes lines with the time since the start; remembers which alerts it has printed."""

    def __init__(self, say: Callable[[str], None], clock: Clock) -> None:
        self._say = say
        self._clock = clock
        self._start = clock.monotonic()
        self._alerts: dict[frozenset[tuple[str, str]], StackAlert] = {}

    def begin(self) -> None:
        """Set the start of the time to now."""
        self._start = self._clock.monotonic()

    def plain(self, text: str) -> None:
        """Write a line without the time."""
        self._say(text)

    def event(self, text: str) -> None:
        """Write a line with the time since the start."""
        seconds = int(self._clock.monotonic() - self._start)
        self._say(f"{seconds // 60:>3}:{seconds % 60:02}  {text}")

    def table(self, snapshot: MonitorSnapshot) -> None:
        """Write one row for each strategy, and one for the account."""
        head, *rows = table_rows(snapshot)
        self.event(head)
        for row in rows:
            self._say(f"{'':6}  {row}")

    def alerts(self, alerts: Iterable[StackAlert]) -> None:
        """Write what changed since the last call: alerts that became pending, began to fire, or ended."""
        now = {frozenset(alert.labels.items()): alert for alert in alerts}
        for key, alert in now.items():
            before = self._alerts.get(key)
            if before is None or before.state != alert.state:
                self.event(f"ALERT     {alert.state:<8}  {describe(alert.labels, alert.annotations)}")
        for key in self._alerts.keys() - now.keys():
            alert = self._alerts[key]
            self.event(f"ALERT     {'over':<8}  {describe(alert.labels, {})}")
        self._alerts = now

    def notified(self, notification: Notification) -> None:
        """Write a notification that Alertmanager delivered: one line for each alert."""
        for alert in notification.alerts:
            what = describe(alert.labels, alert.annotations if alert.status == "firing" else {})
            self.event(f"NOTIFIED  {alert.status.upper():<8}  {what}  → {notification.receiver}")

    def heartbeat(self, pulse: Pulse) -> None:
        """Write that the Watchdog's notifications stopped or came back."""
        self.event(f"HEARTBEAT {'back' if pulse.alive else 'LOST':<8}  {pulse}")


def table_rows(snapshot: MonitorSnapshot) -> list[str]:
    """The lines of the table, header first; an unknown figure is `-`, never 0."""
    rows = [_HEAD]
    shown = snapshot.strategies
    if len(shown) > _MAX_ROWS:
        shown = tuple(sorted(shown, key=lambda strategy: -(strategy.account.drawdown_ratio or 0))[:_MAX_ROWS])
    for strategy in shown:
        account, trades = strategy.account, strategy.trades
        count = trades.wins + trades.losses + trades.evens
        rows.append(
            _ROW.format(
                _fit(strategy.name),
                money(account.equity),
                money(account.net_pnl, signed=True),
                percent(account.drawdown_ratio),
                count,
                percent(trades.win_rate, places=0),
            )
        )
    if len(shown) < len(snapshot.strategies):
        rows.append(f"… and {len(snapshot.strategies) - len(shown)} with less drawdown")
    account = snapshot.portfolio.account
    rows.append(
        _ROW.format(
            "account",
            money(account.equity),
            money(account.net_pnl, signed=True),
            percent(account.drawdown_ratio),
            "",
            "",
        ).rstrip()
    )
    return rows


def money(value: Decimal | None, *, signed: bool = False) -> str:
    """Two decimals, with thousands separators; `-` if unknown."""
    if value is None:
        return UNKNOWN
    return f"{value:+,.2f}" if signed else f"{value:,.2f}"


def percent(ratio: float | Decimal | None, places: int = 2) -> str:
    """A ratio as a percentage; `-` if unknown."""
    return UNKNOWN if ratio is None else f"{ratio * 100:.{places}f} %"


def describe(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    """An alert as text: its name and severity, then its summary, or else its strategy and symbol."""
    severity = labels.get("severity", "none")
    name = labels.get("alertname", UNKNOWN) + (f" {severity}" if severity != "none" else "")
    about = annotations.get("summary") or " ".join(labels[key] for key in ("strategy", "symbol") if labels.get(key))
    return f"{name}: {about}" if about else name


def _fit(name: str, width: int = 19) -> str:
    return name if len(name) <= width else name[: width - 1] + "…"
