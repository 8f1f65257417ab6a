"""config/*.yaml → frozen settings. All faults of all files at once, each with file, key, value and what is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from genesis.alerts.settings import AlertSettings
from genesis.core.access_config import IngestSettings, ScrapeSettings, TlsSettings
from genesis.core.alert_faults import fault, refuse
from genesis.core.duration import Interval, duration_text
from genesis.core.errors import ConfigError, Fault
from genesis.core.event_config import EventSettings
from genesis.core.models import Storage, Tier
from genesis.core.rotation_config import RotationSettings
from genesis.core.section import Name, Ratio, Section, TimeZone
from genesis.core.statistics_config import StatisticsSettings

Money = Annotated[Decimal, Field(gt=0, lt=Decimal("1e15"), decimal_places=18)]
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
DEFAULT_JOURNAL = "data/genesis.db"


class TierSettings(Section):
    """One tier of the account, as `trading_rules.yaml` writes it."""

    min_capital: Annotated[Decimal, Field(ge=0)]
    """The smallest equity of the tier; must be the `max_capital` of the tier below."""
    max_capital: Money | None
    """The first equity of the next tier; null for the highest."""
    max_daily_loss: Money
    """What the account may lose in a day, above 0."""
    max_positions: Annotated[int, Field(ge=1)]
    """How many positions may be open at a time."""
    stop_loss_ratio: Ratio
    """The loss of a position at which it is closed, as a share of its value."""
    position_risk_ratio: Ratio
    """What one position may risk, as a share of the equity."""
    strategies: frozenset[Name] | None
    """The strategies that may trade; null allows all."""
    storage: Storage
    """What the journal is to be kept in: sqlite or postgresql. StorageBelowTier fires where it is less than this."""

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> TierSettings:
        if self.max_capital is not None and self.max_capital <= self.min_capital:
            raise ValueError(f"max_capital {self.max_capital} must be above min_capital {self.min_capital}")
        return self

    def tier(self, name: str) -> Tier:
        return Tier(name=name, **dict(self))


class TradingRules(Section):
    """`trading_rules.yaml`: the tiers, from the smallest account to the largest, without a gap."""

    tiers: Annotated[dict[Name, TierSettings], Field(min_length=1)]
    """The tiers by name, from the smallest account to the largest."""
    correlation_alert_ratio: Ratio
    """Two strategies whose returns correlate more than this are the same bet."""

    @model_validator(mode="after")
    def _tiers_follow_each_other(self) -> TradingRules:
        names, tiers = list(self.tiers), list(self.tiers.values())
        for (name, tier), following in zip(self.tiers.items(), [*tiers[1:], None], strict=True):
            if following is None:
                if tier.max_capital is not None:
                    raise ValueError(f"tiers.{name}.max_capital of the highest tier must be null, not {tier.max_capital}")
            elif tier.max_capital != following.min_capital:
                nxt = names[tiers.index(following)]
                raise ValueError(
                    f"tiers.{name}.max_capital {tier.max_capital} must equal tiers.{nxt}.min_capital {following.min_capital}"
                )
        return self

    def all_tiers(self) -> tuple[Tier, ...]:
        """From the smallest account to the largest."""
        return tuple(settings.tier(name) for name, settings in self.tiers.items())

    def tier_of(self, capital: Decimal) -> Tier | None:
        """The tier of an account of this size; None below the smallest. A tier begins at its `min_capital`."""
        return next((tier for tier in reversed(self.all_tiers()) if capital >= tier.min_capital), None)


class MonitorSettings(Section):
    """`monitor.yaml`: how the monitor process runs."""

    reporting_currency: Name = "USDT"
    """The currency in which all money is told."""
    time_zone: TimeZone = "UTC"
    """The IANA time zone in which a day, a week and a month begin."""
    host: Name = "127.0.0.1"
    """The address to listen on; anything but loopback opens the monitor to the network."""
    port: Port = 9108
    """The TCP port to listen on; 0 takes a free one."""
    journal: Annotated[str, Field(min_length=1)] = DEFAULT_JOURNAL
    """An SQLite file, a relative one from the working directory on, or `postgresql://USER@HOST:PORT/DATABASE`."""
    journal_password_file: Path | None = None
    """The file that holds the password of the journal's database; null leaves it to PGPASSFILE and ~/.pgpass."""
    snapshot_seconds: Seconds = 5.0
    """How often the accounts are saved, marks and peaks included; a restart books again only what came later."""
    max_strategies: Annotated[int, Field(ge=1)] = 1000
    """Strategies past this number share the label value `other`."""
    max_symbols: Annotated[int, Field(ge=1)] = 1000
    """Symbols past this number share the label value `other`."""
    conversions: dict[Name, Name] = Field(default_factory=dict)
    """Currency → the symbol whose price is what one unit of it is worth in the reporting currency."""
    symbol_currencies: dict[Name, Name] = Field(default_factory=dict)
    """Symbol → the currency that it is quoted in; one that is not listed is quoted in the reporting currency."""
    statistics: StatisticsSettings = StatisticsSettings()
    """What is worked out from the returns."""
    events: EventSettings = EventSettings()
    """What becomes of odd events."""
    ingest: IngestSettings = IngestSettings()
    """Who may send events over HTTP, and how much at once."""
    scrape: ScrapeSettings = ScrapeSettings()
    """What whoever reads /metrics or /api/v1/strategies has to present."""
    tls: TlsSettings = TlsSettings()
    """The certificate with which the monitor speaks HTTPS, and those that it wants from clients."""

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


class BaselineSettings(Section):
    """What a strategy's returns were in its back-test; `genesis baseline` writes it."""

    step: Interval
    """The distance of two returns of the back-test."""
    observations: Annotated[int, Field(ge=2)]
    """How many returns there were."""
    mean: Annotated[float, Field(gt=-1, lt=1)]
    """Their mean, as a ratio a step."""
    volatility: Annotated[float, Field(ge=1e-12, lt=10)]
    """Their standard deviation, as a ratio a step."""


class StrategySettings(Section):
    """What is known of a strategy before it trades."""

    capital: Money
    """What the paper engine starts the strategy with, in the reporting currency."""
    expected_slippage_ratio: Annotated[Decimal, Field(ge=0, lt=1)] | None = None
    """What a fill may cost against its decision price, as a share of it."""
    baseline: BaselineSettings | None = None
    """What the live returns are compared with; without one there are no degradation figures."""


class StrategiesSettings(Section):
    """`strategies.yaml`: the strategies by name."""

    strategies: dict[Name, StrategySettings]
    """The strategies by name."""


class Settings(NamedTuple):
    """Everything that `config/` holds."""

    rules: TradingRules
    monitor: MonitorSettings
    strategies: StrategiesSettings
    alerts: AlertSettings
    rotation: RotationSettings


_Model = TypeVar("_Model", bound=BaseModel)


def load_settings(directory: Path) -> Settings:
    """Read and check every file of `directory`.

    Raises:
        ConfigError: with all faults of all files.
    """
    faults: list[Fault] = []
    rules = _load(directory / "trading_rules.yaml", TradingRules, faults)
    monitor = _load(directory / "monitor.yaml", MonitorSettings, faults)
    strategies = _load(directory / "strategies.yaml", StrategiesSettings, faults)
    alerts = _load(directory / "alerts.yaml", AlertSettings, faults)
    rotation = _load(directory / "rotation.yaml", RotationSettings, faults)
    if monitor is not None and alerts is not None:
        faults.extend(_alerts_on_nothing(monitor, alerts))
    if rules is None or monitor is None or strategies is None or alerts is None or rotation is None or faults:
        raise ConfigError(faults)
    return Settings(rules, monitor, strategies, alerts, rotation)


def _alerts_on_nothing(monitor: MonitorSettings, settings: AlertSettings) -> Iterator[Fault]:
    """Alerts that could never fire, as monitor.yaml does not have their figure worked out."""
    alerts, statistics = settings.alerts, monitor.statistics
    windows = [*map(duration_text, statistics.windows), "all"]
    for name, trades in (("WinRateLow", alerts.win_rate_low), ("ProfitFactorLow", alerts.profit_factor_low)):
        if trades.window_name not in windows:
            right = f"is none of statistics.windows in monitor.yaml; there are {', '.join(windows)}"
            yield Fault("alerts.yaml", f"alerts.{name}.window", trades.window_name, right)
    for name, risk in (
        ("ValueAtRiskExceeded", alerts.value_at_risk_exceeded),
        ("ExpectedShortfallHigh", alerts.expected_shortfall_high),
        ("PortfolioValueAtRiskExceeded", alerts.portfolio_value_at_risk_exceeded),
        ("PortfolioExpectedShortfallHigh", alerts.portfolio_expected_shortfall_high),
    ):
        if risk.confidence not in statistics.confidence:
            right = f"is not in statistics.confidence in monitor.yaml; there are {', '.join(map(str, statistics.confidence))}"
            yield Fault("alerts.yaml", f"alerts.{name}.confidence", str(risk.confidence), right)
    for name, least in (
        ("ExpectedShortfallHigh", alerts.expected_shortfall_high.min_observations),
        ("PortfolioExpectedShortfallHigh", alerts.portfolio_expected_shortfall_high.min_observations),
        ("SharpeDegraded", alerts.sharpe_degraded.min_observations),
    ):
        if least > statistics.risk_points:
            right = f"is more than risk_window in monitor.yaml holds: {statistics.risk_points} steps"
            yield Fault("alerts.yaml", f"alerts.{name}.min_observations", str(least), right)


def _load(path: Path, model: type[_Model], faults: list[Fault]) -> _Model | None:
    """The file as `model`; on faults None, and the faults are added to the list."""
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), _StrictLoader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(path.name, "(file)", str(path), f"cannot be read: {error}"))
        return None
    except yaml.YAMLError as error:
        faults.append(Fault(path.name, "(file)", str(path), "is not valid YAML: " + " ".join(str(error).split())))
        return None
    except RecursionError:
        faults.append(Fault(path.name, "(file)", str(path), "is nested too deeply"))
        return None
    try:
        return model.model_validate({} if raw is None else raw)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False):
            key = ".".join(str(part) for part in detail["loc"]) or "(file)"
            value = "(nothing)" if detail["type"] == "missing" else detail["input"]
            if isinstance(value, BaseModel | Mapping) and detail["type"] == "value_error":
                value = "(see there)"
            faults.append(Fault(path.name, key, value, _HINTS.get(detail["type"], str)(detail["msg"])))
        return None


_HINTS: dict[str, Callable[[Any], str]] = {
    "missing": lambda _: "this key is required",
    "extra_forbidden": lambda _: "there is no such key; docs/configuration.md lists the keys",
}


class _StrictLoader(yaml.SafeLoader):
    """YAML in which the same key twice is an error instead of a silent overwrite."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key, (key_node, _) in zip(keys, node.value, strict=True):
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key!r} stands twice", key_node.start_mark)
        return super().construct_mapping(node, deep)
