"""`monitor.yaml`: how the monitor process runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import InitErrorDetails

from genesis.settings.access import IngestSettings, ScrapeSettings, TlsSettings
from genesis.settings.events import EventSettings
from genesis.settings.faults import fault, refuse
from genesis.settings.section import Name, Section, TimeZone
from genesis.settings.statistics import StatisticsSettings

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
DEFAULT_JOURNAL = "data/genesis.db"


class MonitorSettings(Section):
    """`monitor.yaml`: how the monitor process runs."""

    reporting_currency: Name = "USDT"
    """The currency of all reported money."""
    time_zone: TimeZone = "UTC"
    """The IANA time zone in which a day, a week and a month begin."""
    host: Name = "127.0.0.1"
    """The address to listen on; anything but loopback opens the monitor to the network."""
    port: Port = 9108
    """The TCP port to listen on; 0 takes a free one."""
    journal: Annotated[str, Field(min_length=1)] = DEFAULT_JOURNAL
    """An SQLite file (a relative path starts at the working directory), or `postgresql://USER@HOST:PORT/DATABASE`."""
    journal_password_file: Path | None = None
    """The file that holds the password of the journal's database; null leaves it to PGPASSFILE and ~/.pgpass."""
    snapshot_seconds: Seconds = 5.0
    """Time between two saves of the accounts, marks and peaks included; a restart replays only later events."""
    max_strategies: Annotated[int, Field(ge=1)] = 1000
    """Strategies beyond this number share the label value `other`."""
    max_symbols: Annotated[int, Field(ge=1)] = 1000
    """Symbols beyond this number share the label value `other`."""
    conversions: dict[Name, Name] = Field(default_factory=dict)
    """Currency → the symbol whose price is the value of one unit of it in the reporting currency."""
    symbol_currencies: dict[Name, Name] = Field(default_factory=dict)
    """Symbol → its quote currency; a symbol that is not listed is quoted in the reporting currency."""
    statistics: StatisticsSettings = StatisticsSettings()
    """How figures are computed from the returns."""
    events: EventSettings = EventSettings()
    """How odd events are handled."""
    ingest: IngestSettings = IngestSettings()
    """Who may send events over HTTP, and how much at once."""
    scrape: ScrapeSettings = ScrapeSettings()
    """What clients of /metrics and /api/v1/strategies must present."""
    tls: TlsSettings = TlsSettings()
    """The monitor's certificate for HTTPS, and the certificates that clients must present."""

    @model_validator(mode="after")
    def _conversions_convert(self) -> MonitorSettings:
        refuse(type(self).__name__, _conversion_faults(self))
        return self


def _conversion_faults(settings: MonitorSettings) -> Iterator[InitErrorDetails]:
    reporting = settings.reporting_currency
    for currency, symbol in settings.conversions.items():
        quoted = settings.symbol_currencies.get(symbol, reporting)
        if currency == reporting:
            yield fault(("conversions", currency), symbol, "is the reporting currency, which is not converted; remove it")
        elif quoted != reporting:
            right = f"is quoted in {quoted}; name a symbol that is quoted in the reporting currency {reporting}"
            yield fault(("conversions", currency), symbol, right)
