"""`AlertSettings` → alert rules. A threshold fires when it is reached; a figure that is absent fires nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from textwrap import indent
from typing import NamedTuple, Protocol

from genesis.core.alert_config import AlertSettings, SlippageAlert, StateAlert, WindowAlert
from genesis.core.duration import duration_text
from genesis.core.strategy_alert import Levels, Override, Severity, StrategyAlert, Timing
from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.messages import annotate
from genesis.monitoring.alert_manager.promql import any_of, number, string

JOB = "genesis"
"""The scrape job of the monitor."""

SEVERITIES: tuple[Severity, ...] = ("warning", "critical")
GROUPS_OF: Mapping[str, tuple[str, ...]] = {
    "StrategyDrawdown": ("accounts",),
    "DrawdownUnknown": ("accounts",),
    "DailyLoss": ("portfolio",),
    "SlippageHigh": ("execution",),
    "MarketDataStale": ("positions", "marks"),
    "AttributionResidual": ("accounts", "attribution"),
    "ValueAtRiskExceeded": ("risk",),
    "ExpectedShortfallHigh": ("risk", "performance"),
    "WinRateLow": ("round_trips",),
    "ProfitFactorLow": ("round_trips",),
    "SharpeDegraded": ("degradation",),
    "SlippageAboveExpected": ("execution",),
    "FillDelayHigh": ("execution",),
    "CorrelationHigh": ("correlation",),
    "BetaOutOfBand": ("regression",),
    "CapacityNearlyUsed": ("capacity",),
    "PeriodLoss": ("accounts",),
    "FiguresUndefined": ("accounts",),
    "ReconciliationBreak": ("reconciliation",),
    "EventsMissing": ("sources",),
    "StorageBelowTier": ("portfolio",),
}
"""Alert → the groups of the exporter that its figures come from."""

FAILED_NOTIFICATIONS = "alertmanager_notifications_failed_total"

PERCENT = "{{ $value | humanizePercentage }}"
SECONDS = "{{ $value | humanizeDuration }}"
COUNT = '{{ $value | printf "%.0f" }}'
NUMBER = '{{ $value | printf "%.4g" }}'
SCOPE = "{{ if $labels.scope }}{{ $labels.scope }}{{ else }}the account{{ end }}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One alert rule of Prometheus."""

    alert: str
    severity: str
    expr: str
    annotations: Mapping[str, str]
    hold: timedelta = timedelta()
    keep_firing_for: timedelta = timedelta()

    def tree(self) -> dict[str, object]:
        """The rule as it stands in a rule file."""
        tree: dict[str, object] = {"alert": self.alert, "expr": self.expr}
        if self.hold:
            tree["for"] = duration_text(self.hold)
        if self.keep_firing_for:
            tree["keep_firing_for"] = duration_text(self.keep_firing_for)
        return tree | {"labels": {"severity": self.severity}, "annotations": dict(self.annotations)}


@dataclass(frozen=True, slots=True)
class Record:
    """One recording rule: a figure that Prometheus works out from others, at every evaluation."""

    name: str
    expr: str

    def tree(self) -> dict[str, object]:
        """The rule as it stands in a rule file."""
        return {"record": self.name, "expr": self.expr}


class Leveled(Protocol):
    """Thresholds by strategy."""

    @property
    def overrides(self) -> Mapping[str, Override]: ...

    def levels(self, strategy: str | None = None) -> Levels: ...


class Show(NamedTuple):
    """How a figure is written: as a Go template of its value, and a threshold as the text that stands beside it."""

    value: str
    threshold: Callable[[Decimal], str]


SLIPPAGE_MEAN = f"strategy:{catalog.STRATEGY_SLIPPAGE_RATIO.name}:mean"
"""Mean signed slippage of a strategy's fills in the window; absent without a fill."""
SLIPPAGE_FILLS = f"strategy:{catalog.STRATEGY_SLIPPAGE_RATIO.name}:fills"
"""How many fills stand behind it."""


def strategy_rules(settings: AlertSettings) -> list[Rule | Record]:
    """The alerts on the strategies' and the account's figures."""
    maker, alerts = RuleMaker(settings), settings.alerts
    enough = f"\nand\n{SLIPPAGE_FILLS} >= {alerts.slippage_high.min_fills}"
    return [
        *maker.by_strategy("StrategyDrawdown", alerts.strategy_drawdown, catalog.STRATEGY_DRAWDOWN_RATIO.name),
        *maker.daily_loss(),
        *_slippage(alerts.slippage_high.window),
        *maker.by_strategy("SlippageHigh", alerts.slippage_high, SLIPPAGE_MEAN, enough),
        *maker.market_data_stale(),
        maker.state("DrawdownUnknown", alerts.drawdown_unknown, DRAWDOWN_UNKNOWN, of_strategy=True),
        maker.state("AttributionResidual", alerts.attribution_residual, ATTRIBUTION_RESIDUAL, of_strategy=True),
    ]


def service_rules(settings: AlertSettings) -> list[Rule | Record]:
    """The alerts on the monitor and on alerting itself."""
    maker, alerts = RuleMaker(settings), settings.alerts
    return [
        maker.state("ReconciliationBreak", alerts.reconciliation_break, RECONCILIATION_BREAK),
        maker.window("EventsConflicting", alerts.events_conflicting, f"{refused_events('conflict')} > 0"),
        *maker.events_rejected(),
        maker.state("EventsMissing", alerts.events_missing, EVENTS_MISSING),
        maker.window("JournalFailing", alerts.journal_failing, f"{JOURNAL_FAILURES} > 0"),
        maker.state("StorageBelowTier", alerts.storage_below_tier, STORAGE_BELOW_TIER),
        maker.state("CollectorFailing", alerts.collector_failing, COLLECTOR_FAILING),
        maker.state("MonitorDown", alerts.monitor_down, MONITOR_DOWN),
        maker.state("NotificationsFailing", alerts.notifications_failing, NOTIFICATIONS_FAILING),
        Rule("Watchdog", "none", "vector(1)", annotate("Watchdog", {}, settings.links)),
    ]


# A failed strategy has no figures at all: its only series is the one that says so.
DRAWDOWN_UNKNOWN = f"""(
  {catalog.STRATEGY_CAPITAL.name}
  or
  {catalog.STRATEGY_UNDEFINED_INFO.name}{{figure="all"}}
)
unless on (instance, strategy)
{catalog.STRATEGY_DRAWDOWN_RATIO.name}"""

# Where a mark or a rate is missing there is a reason; a residual that is absent without one hides what it is there to tell.
ATTRIBUTION_RESIDUAL = f"""{catalog.STRATEGY_ATTRIBUTION_RESIDUAL.name} != 0
or
(
  {catalog.STRATEGY_CONFIGURED.name}
  unless on (instance, strategy)
  {catalog.STRATEGY_ATTRIBUTION_RESIDUAL.name}
  unless on (instance, strategy)
  {catalog.STRATEGY_UNDEFINED_INFO.name}{{figure=~"attribution_residual|all"}}
)"""

RECONCILIATION_BREAK = f"{catalog.RECONCILIATION_OPEN_BREAKS.name} > 0"

EVENTS_MISSING = f"{catalog.SOURCE_MISSING_EVENTS.name} > 0"

WINDOW = "[$window]"
"""Stands for the range in an expression on a window."""

JOURNAL_FAILURES = f"increase({catalog.JOURNAL_COMMIT_ERRORS.name}{WINDOW})"

STORAGE_BELOW_TIER = f"""{catalog.JOURNAL_INFO.name}{{backend="sqlite"}}
and on (instance)
{catalog.TIER_STORAGE_INFO.name}{{storage="postgresql"}}"""

COLLECTOR_FAILING = f"{catalog.COLLECTOR_SUCCESS.name} == 0"

# While the books are restored the monitor answers, but collects no group of a strategy's figures: nobody watches then either.
MONITOR_DOWN = f"""up{{job="{JOB}"}} == 0
or
absent(up{{job="{JOB}"}})
or
(
  up{{job="{JOB}"}} == 1
  unless on (instance)
  {catalog.COLLECTOR_SUCCESS.name}{{group="accounts"}}
)"""

NOTIFICATIONS_FAILING = f"sum by (instance, integration) (rate({FAILED_NOTIFICATIONS}[2m])) > 0"


class RuleMaker:
    """The rules of one configuration."""

    def __init__(self, settings: AlertSettings) -> None:
        self._settings = settings

    def by_strategy(self, alert: str, config: StrategyAlert, figure: str, guard: str = "") -> Iterator[Rule]:
        """One rule a severity, in which every strategy meets its own threshold; `guard` is what else must hold."""
        for severity in SEVERITIES:
            expr = compared(figure, config, severity)
            words = {"value": PERCENT, "threshold": threshold_text(config, severity), **_window(config)}
            whole = f"(\n{indent(expr, '  ')}\n){guard}" if guard else expr
            yield self.rule(alert, severity, config, whole, words, of_strategy=True)

    def daily_loss(self) -> Iterator[Rule]:
        config = self._settings.alerts.daily_loss
        for severity in SEVERITIES:
            level: Decimal = getattr(config, severity)
            expr = f"{catalog.PORTFOLIO_DAILY_LOSS_USED_RATIO.name} >= {number(level)}"
            yield self.rule("DailyLoss", severity, config, expr, {"value": PERCENT, "threshold": percent(level)})

    def market_data_stale(self) -> Iterator[Rule]:
        # One alert a symbol, however many hold it: `and` keeps the left side's labels and value.
        config = self._settings.alerts.market_data_stale
        for severity in SEVERITIES:
            age: timedelta = getattr(config, severity)
            expr = (
                f"time() - {catalog.MARK_TIMESTAMP_SECONDS.name} >= {seconds(age)}\n"
                f"and on (instance, symbol)\n"
                f"{catalog.STRATEGY_POSITION_QUANTITY.name} != 0"
            )
            words = {"value": SECONDS, "threshold": duration_text(age), "symbol": "{{ $labels.symbol }}"}
            yield self.rule("MarketDataStale", severity, config, expr, words)

    def events_rejected(self) -> Iterator[Rule]:
        config = self._settings.alerts.events_rejected
        window = duration_text(config.window)
        for severity in SEVERITIES:
            level: int = getattr(config, severity)
            expr = f"{refused_events('rejected')} >= {level}".replace(WINDOW, f"[{window}]")
            words = {"value": COUNT, "threshold": str(level), "window": window, "kind": "{{ $labels.kind }}"}
            yield self.rule("EventsRejected", severity, config, expr, words)

    def window(self, alert: str, config: WindowAlert, expr: str) -> Rule:
        """The rule of something that happened within `config.window`, which stands for `WINDOW` in `expr`."""
        window = duration_text(config.window)
        words = {"value": COUNT, "window": window, "kind": "{{ $labels.kind }}"}
        return self.rule(alert, config.severity, config, expr.replace(WINDOW, f"[{window}]"), words)

    def state(self, alert: str, config: StateAlert, expr: str, *, of_strategy: bool = False) -> Rule:
        words = {
            "instance": "{{ $labels.instance }}",
            "group": "{{ $labels.group }}",
            "integration": "{{ $labels.integration }}",
            "source": "{{ $labels.source }}",
            "scope": SCOPE,
            "value": COUNT,
            "hold": duration_text(config.hold),
        }
        return self.rule(alert, config.severity, config, expr, words, of_strategy=of_strategy)

    def rule(
        self, alert: str, severity: str, timing: Timing, expr: str, words: dict[str, str], *, of_strategy: bool = False
    ) -> Rule:
        """The rule with its annotations; `words` is what stands for the words of its message."""
        words = {"severity": severity, "strategy": "{{ $labels.strategy }}", **words}
        address = "{{ $labels.strategy | urlquery }}" if of_strategy else None
        text = annotate(alert, words, self._settings.links, address)
        return Rule(alert, severity, expr, text, timing.hold, timing.keep_firing_for)


def refused_events(outcome: str) -> str:
    """How many events of each kind had the outcome within `WINDOW`."""
    return f"sum without (outcome) (increase({catalog.EVENTS.name}{{outcome={string(outcome)}}}{WINDOW}))"


def selections(overrides: Iterable[str]) -> Iterator[tuple[str | None, list[str]]]:
    """Strategy with an override (None first, for all others) and its label matchers; every strategy is in exactly one."""
    names = list(overrides)
    yield None, [f"strategy!~{any_of(names)}"] if names else []
    for name in names:
        yield name, [f"strategy={string(name)}"]


def compared(figure: str, config: Leveled, severity: Severity, *matchers: str, sign: str = ">=") -> str:
    """The figure of every strategy against its own threshold; `matchers` hold for all of them."""
    return "\nor\n".join(
        f"{selected(figure, *matchers, *own)} {sign} {number(getattr(config.levels(name), severity))}"
        for name, own in selections(config.overrides)
    )


def selected(figure: str, *matchers: str) -> str:
    """The series of a figure with these labels."""
    return f"{figure}{{{','.join(matchers)}}}" if matchers else figure


def percent(ratio: Decimal) -> str:
    """0.05 → `5%`, as humanizePercentage writes it."""
    return f"{float(ratio) * 100:.4g}%"


def seconds(duration: timedelta) -> str:
    """The duration in seconds, as a PromQL number."""
    return f"{duration.total_seconds():g}"


def signed_slippage(window: timedelta) -> str:
    """Of all fills in the window together: what adverse ones cost less what favourable ones saved."""

    def cost(direction: str) -> str:
        return f"sum without (direction) ({_slippage_increase(f'sum{{direction={string(direction)}}}', window)})"

    return f"(\n  {cost('adverse')}\n  -\n  {cost('favourable')}\n)"


def slippage_fills(window: timedelta) -> str:
    """How many fills with a slippage there were in the window."""
    return f"sum without (direction) ({_slippage_increase('count', window)})"


def _slippage_increase(part: str, window: timedelta) -> str:
    return f"increase({catalog.STRATEGY_SLIPPAGE_RATIO.name}_{part}[{duration_text(window)}])"


def _slippage(window: timedelta) -> list[Rule | Record]:
    """Mean signed slippage, and how many fills stand behind it."""
    return [
        Record(SLIPPAGE_FILLS, slippage_fills(window)),
        Record(SLIPPAGE_MEAN, f"{signed_slippage(window)}\n/\n({SLIPPAGE_FILLS} > 0)"),
    ]


def _window(config: StrategyAlert) -> dict[str, str]:
    return {"window": duration_text(config.window)} if isinstance(config, SlippageAlert) else {}


def threshold_text(config: Leveled, severity: Severity, show: Callable[[Decimal], str] = percent) -> str:
    """A Go template that says the threshold of the strategy at hand."""
    texts = {name: show(getattr(config.levels(name), severity)) for name in config.overrides}
    return by_name(show(getattr(config.levels(), severity)), texts)


def by_name(text: str, texts: Mapping[str, str]) -> str:
    """A Go template that says `text`, or what `texts` has for the strategy at hand."""
    for name, own in reversed(list(texts.items())):
        text = f"{{{{ if eq $labels.strategy {string(name)} }}}}{own}{{{{ else }}}}{text}{{{{ end }}}}"
    return text
