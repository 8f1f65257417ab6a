"""`genesis reconcile`: a broker's statement against a running monitor, or against a journal."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec

from genesis.core.clock import Clock
from genesis.core.errors import GenesisError
from genesis.core.money import exact_arithmetic
from genesis.core.secret import read_secret
from genesis.core.statement import ComparisonSettings, Statement
from genesis.database.address import Address
from genesis.ingest.statement import read_statement
from genesis.ingest.statement_http import STATEMENT
from genesis.ledger.journal import Journal
from genesis.ledger.reconciliation import Reconciliation, Reconciliations, reconcile
from genesis.monitoring.accounts import Accounts
from genesis.monitoring.restart import replay
from genesis.settings.monitor import MonitorSettings

_ANSWER_SECONDS = 60.0
_ROW = "{:<20}{:<16}{:>24}{:>24}{:>24}"
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - the address to reach a monitor that listens everywhere


class Monitor(NamedTuple):
    """A running monitor, and the credentials for it."""

    url: str
    token_file: Path | None = None
    ca_file: Path | None = None
    """The CA of the monitor's certificate; None for those that this machine trusts."""
    certificate_file: Path | None = None
    """The client certificate, if the monitor requires one."""
    key_file: Path | None = None


def configured_monitor(settings: MonitorSettings) -> Monitor:
    """The monitor with these settings, as reached from the same machine."""
    host = _LOOPBACK.get(settings.host, f"[{settings.host}]" if ":" in settings.host else settings.host)
    scheme = "https" if settings.tls.enabled else "http"
    return Monitor(
        f"{scheme}://{host}:{settings.port}",
        token_file=settings.ingest.token_file,
        ca_file=settings.scrape.ca_file or settings.tls.certificate_file,
        certificate_file=settings.scrape.client_certificate_file,
        key_file=settings.scrape.client_key_file,
    )


def read_file(path: Path) -> bytes:
    """Read and check the file of a statement; returns its bytes.

    Raises:
        StatementError: the statement is wrong; the message lists all faults.
        GenesisError: the file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise GenesisError(f"statement {path}: cannot be read: {error.strerror}") from error
    read_statement(data)
    return data


async def ask(monitor: Monitor, statement: bytes, comparison: ComparisonSettings) -> Reconciliation:
    """Send the statement to the monitor, which compares it, exports the result and alerts on breaks.

    Raises:
        GenesisError: the monitor cannot be reached, or refuses the statement; the message says why.
    """
    query = [("strategy", name) for name in comparison.strategies]
    query += [("cash", comparison.cash.value), ("tolerance", f"{comparison.tolerance:f}")]
    headers = {"Content-Type": "text/csv"}
    if monitor.token_file is not None:
        headers["Authorization"] = f"Bearer {read_secret(monitor.token_file, 'ingest.token_file')}"
    url = monitor.url.rstrip("/") + STATEMENT
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ANSWER_SECONDS)) as http,
            http.post(url, params=query, data=BytesIO(statement), headers=headers, ssl=_trust(monitor)) as answer,
        ):
            return _read(url, answer.status, await answer.read())
    except (TimeoutError, aiohttp.ClientError, ValueError) as error:
        raise GenesisError(
            f"{url}: no answer: {error or type(error).__name__}; name a running monitor with --url, or a journal with --journal"
        ) from error


async def compare_with_journal(
    where: Address, settings: MonitorSettings, statement: bytes, comparison: ComparisonSettings, clock: Clock
) -> Reconciliation:
    """Compare the statement with the books of a journal, which a monitor may have open.

    Raises:
        GenesisError: the journal cannot be read, or does not have a strategy of `comparison`.
    """
    accounts = Accounts(settings)
    async with Journal(where, clock=clock, read_only=True) as journal:
        saved = await journal.load_snapshot()
        start = accounts.restore(saved) if saved is not None else None
        if start is None:
            accounts, start = Accounts(settings), 0
        await replay(accounts, journal, after=start)
    return compare(accounts, read_statement(statement), comparison, clock)


def compare(accounts: Accounts, statement: Statement, comparison: ComparisonSettings, clock: Clock) -> Reconciliation:
    """Compare a statement with accounts, and do not change them."""
    Reconciliations().admit(comparison, accounts.ledger.books)
    with exact_arithmetic():
        return reconcile(accounts.ledger.books, statement, comparison, clock.timestamp())


def report_lines(found: Reconciliation) -> Iterator[str]:
    """The report for a terminal: what was compared, and one row for each break."""
    what = f"{found.positions} positions and {found.cash} balances" if found.cash else f"{found.positions} positions"
    cash_note = "" if found.cash else " (the statement has no cash)"
    yield f"compared {what}{cash_note}: {found.total_breaks or 'no'} {'break' if found.total_breaks == 1 else 'breaks'}"
    if found.breaks:
        yield _ROW.format("strategy", "of", "statement", "books", "difference")
    for item in found.breaks:
        figures = [_plain(amount) for amount in (item.statement, item.books, item.difference)]
        yield _ROW.format(item.strategy or "(account)", item.symbol or f"{item.currency} cash", *figures)


def _plain(amount: Decimal) -> str:
    """All digits, without trailing zeros."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _trust(monitor: Monitor) -> ssl.SSLContext | bool:
    if not monitor.url.startswith("https:"):
        return True
    try:
        context = ssl.create_default_context(cafile=monitor.ca_file)
        if monitor.certificate_file is not None:
            context.load_cert_chain(monitor.certificate_file, monitor.key_file)
    except (OSError, ssl.SSLError) as error:
        raise GenesisError(f"{monitor.url}: the certificates to reach it cannot be used: {error}") from error
    return context


def _read(url: str, status: int, body: bytes) -> Reconciliation:
    with suppress(msgspec.MsgspecError):
        if status == 200:  # noqa: PLR2004 - OK
            return msgspec.json.decode(body, type=Reconciliation)
        raise GenesisError(f"{url}: refused with {status}: {msgspec.json.decode(body, type=_Refusal).error}")
    raise GenesisError(f"{url}: answered {status}, and not as a monitor does: is --url the address of a monitor?")


class _Refusal(msgspec.Struct):
    error: str
