"""Every metric that Genesis exposes: name, type, labels and help, in one place.

The exporter, the alert rules, the boards and docs/metrics.md take their names from here. Conventions: prefix `genesis_`, base
units, ratios from 0 to 1 (`_ratio`), money in the account's reporting currency; losses, costs and drawdowns are positive
numbers, P&L is signed. A figure that cannot be computed is left out, and `*_undefined_info` says why.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Kind(enum.Enum):
    """A metric's type in the Prometheus exposition format. An info is a gauge of constant 1, whose labels speak."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"
    INFO = "info"


class Process(enum.Enum):
    """Whose /metrics a metric is on."""

    MONITOR = "monitor"
    ROTATION = "rotation"


class Metric(NamedTuple):
    """One metric family."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    process: Process = Process.MONITOR


def _gauge(name: str, labels: str, text: str) -> Metric:
    return Metric(f"genesis_{name}", Kind.GAUGE, tuple(labels.split()), text)


def _counter(name: str, labels: str, text: str) -> Metric:
    return Metric(f"genesis_{name}", Kind.COUNTER, tuple(labels.split()), text)


def _histogram(name: str, labels: str, text: str) -> Metric:
    return Metric(f"genesis_{name}", Kind.HISTOGRAM, tuple(labels.split()), text)


def _info(name: str, labels: str, text: str) -> Metric:
    return Metric(f"genesis_{name}", Kind.INFO, tuple(labels.split()), text)


def _twins(name: str, labels: str, text: str) -> tuple[Metric, Metric]:
    """A gauge of each strategy's returns, and the same of the account's."""
    return _gauge(f"strategy_{name}", f"strategy {labels}", text), _gauge(f"portfolio_{name}", labels, text)


def _counted_twins(name: str, labels: str, text: str) -> tuple[Metric, Metric]:
    """As `_twins`, but counters."""
    return _counter(f"strategy_{name}", f"strategy {labels}", text), _counter(f"portfolio_{name}", labels, text)


def _of_rotation(metric: Metric) -> Metric:
    return metric._replace(process=Process.ROTATION)


# A strategy's account.
STRATEGY_CAPITAL = _gauge("strategy_capital", "strategy", "Capital moved into the strategy, less what was moved out.")
STRATEGY_EQUITY = _gauge("strategy_equity", "strategy", "Capital plus net P&L at the mark.")
STRATEGY_NET_PNL = _gauge("strategy_net_pnl", "strategy", "Realised and unrealised P&L less fees plus funding, since start.")
STRATEGY_PNL = _gauge(
    "strategy_pnl",
    "strategy kind",
    "P&L since start by kind (realized, unrealized, fees, funding); fees paid are negative; the kinds add up to the net.",
)
STRATEGY_PERIOD_PNL = _gauge(
    "strategy_period_pnl", "strategy period", "Net P&L since the start of the period (day, week from Monday, month)."
)
STRATEGY_ATTRIBUTION = _gauge(
    "strategy_attribution",
    "strategy component symbol",
    "Net P&L since start by component and symbol, at the rates of now; the parts add up to the net.",
)
STRATEGY_PERIOD_ATTRIBUTION = _gauge(
    "strategy_period_attribution",
    "strategy component symbol period",
    "Net P&L since the start of the period by component and symbol; the parts add up to the period's.",
)
STRATEGY_CAUSE_PNL = _gauge(
    "strategy_cause_pnl",
    "strategy cause",
    "Net P&L since start by cause (market, selection, slippage, fees, funding); costs are negative; the causes add up to it.",
)
STRATEGY_ATTRIBUTION_RESIDUAL = _gauge(
    "strategy_attribution_residual", "strategy", "Net P&L as kept event by event less the sum of its parts; exactly 0."
)
STRATEGY_COMPONENTS_FOLDED = _counter(
    "strategy_components_folded_total",
    "strategy",
    "Fills and fundings booked to the component `other`, as the strategy has named 50 components before.",
)
STRATEGY_DRAWDOWN_RATIO = _gauge(
    "strategy_drawdown_ratio", "strategy", "How far the marked equity is below its peak, as a share of the peak."
)
STRATEGY_MAX_DRAWDOWN_RATIO = _gauge(
    "strategy_max_drawdown_ratio", "strategy", "The deepest drawdown of the marked equity at any tick since start."
)
STRATEGY_DRAWDOWN = _gauge("strategy_drawdown", "strategy", "How far the marked equity is below its peak, in money.")
STRATEGY_UNDER_WATER_SECONDS = _gauge(
    "strategy_under_water_seconds", "strategy", "Event time since the last peak of the marked equity; 0 at the peak."
)
STRATEGY_LAST_RECOVERY_SECONDS = _gauge(
    "strategy_last_recovery_seconds", "strategy", "Event time from trough to new peak of the last closed drawdown."
)
STRATEGY_LONGEST_RECOVERY_SECONDS = _gauge(
    "strategy_longest_recovery_seconds", "strategy", "The longest event time from trough to new peak of a closed drawdown."
)
STRATEGY_DRAWDOWN_EPISODE_RATIO = _gauge(
    "strategy_drawdown_episode_ratio",
    "strategy rank",
    "Depth of the worst drawdowns that are over (rank 1 is the deepest), and of the open one (rank open).",
)
STRATEGY_DRAWDOWN_EPISODE_RECOVERY_SECONDS = _gauge(
    "strategy_drawdown_episode_recovery_seconds", "strategy rank", "Event time from the episode's trough to its recovery."
)
STRATEGY_DRAWDOWN_EPISODE_START_TIMESTAMP_SECONDS = _gauge(
    "strategy_drawdown_episode_start_timestamp_seconds", "strategy rank", "Event time of the peak before the episode."
)

# A strategy's positions, fills and round trips.
STRATEGY_POSITION_QUANTITY = _gauge(
    "strategy_position_quantity", "strategy symbol", "Open position in units of the symbol; short is negative."
)
STRATEGY_POSITION_VALUE = _gauge("strategy_position_value", "strategy symbol", "Open position at the mark; short is negative.")
STRATEGY_EXPOSURE = _gauge(
    "strategy_exposure", "strategy side", "Value of the open positions by side (long, short), both as positive numbers."
)
STRATEGY_FILLS = _counter("strategy_fills_total", "strategy symbol side liquidity", "Fills booked.")
STRATEGY_VOIDED_FILLS = _counter(
    "strategy_voided_fills_total", "strategy", "Fills booked that were voided later; they are in the other counters, too."
)
STRATEGY_VOLUME = _counter(
    "strategy_volume_total",
    "strategy symbol side liquidity",
    "Traded value of the fills booked, in the currency that the symbol is quoted in.",
)
STRATEGY_TRADES = _counter(
    "strategy_trades_total",
    "strategy result",
    "Round trips, flat to flat, net of fees and funding, by result: win, loss, even, or unvalued (a fee without a rate).",
)
STRATEGY_WINDOW_TRADES = _gauge(
    "strategy_window_trades", "strategy window", "Valued round trips that closed in the window: those behind its figures."
)
STRATEGY_WIN_RATE_RATIO = _gauge(
    "strategy_win_rate_ratio",
    "strategy window",
    "Winning round trips over all round trips that closed in the window (all: since the start).",
)
STRATEGY_PROFIT_FACTOR_RATIO = _gauge(
    "strategy_profit_factor_ratio", "strategy window", "Gross profit over gross loss of the round trips."
)
STRATEGY_EXPECTANCY = _gauge("strategy_expectancy", "strategy window", "Mean net P&L of a round trip.")
STRATEGY_AVERAGE_WIN = _gauge("strategy_average_win", "strategy window", "Mean profit of the winning round trips.")
STRATEGY_AVERAGE_LOSS = _gauge(
    "strategy_average_loss", "strategy window", "Mean loss of the losing round trips, as a positive number."
)
STRATEGY_HOLDING_SECONDS = _gauge(
    "strategy_holding_seconds", "strategy window", "Mean event time from the opening to the closing of a round trip."
)
STRATEGY_WINNER_HOLDING_SECONDS = _gauge(
    "strategy_winner_holding_seconds", "strategy window", "Mean holding time of the winning round trips."
)
STRATEGY_LOSER_HOLDING_SECONDS = _gauge(
    "strategy_loser_holding_seconds", "strategy window", "Mean holding time of the losing round trips."
)
STRATEGY_STREAK = _gauge(
    "strategy_streak", "strategy result", "Round trips in a row up to the last one that were all a win, or all a loss."
)
STRATEGY_LONGEST_STREAK = _gauge(
    "strategy_longest_streak", "strategy result", "The most round trips in a row that were all a win, or all a loss."
)
STRATEGY_SLIPPAGE_RATIO = _histogram(
    "strategy_slippage_ratio",
    "strategy direction",
    "Size of each fill's distance from its signal's price, as a ratio; direction adverse cost money, favourable did not.",
)
SLIPPAGE_BOUNDS = (1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 5e-2)
"""Of the slippage histogram's buckets: the boards show them in basis points."""
STRATEGY_MEAN_SLIPPAGE_RATIO = _gauge(
    "strategy_mean_slippage_ratio",
    "strategy",
    "Mean slippage of the fills since start, weighted by value; above 0 it cost money. Voided fills are not in it.",
)
STRATEGY_SYMBOL_SLIPPAGE_RATIO = _gauge(
    "strategy_symbol_slippage_ratio",
    "strategy symbol",
    "Mean slippage of the fills in the symbol since start, weighted by value; above 0 it cost money.",
)
STRATEGY_EXPECTED_SLIPPAGE_RATIO = _gauge(
    "strategy_expected_slippage_ratio", "strategy", "The slippage that strategies.yaml expects of the strategy's fills."
)
STRATEGY_SHORTFALL = _gauge(
    "strategy_shortfall",
    "strategy part",
    "Implementation shortfall since start by part (delay, spread, impact, fees, opportunity); above 0 it cost money.",
)
STRATEGY_SHORTFALL_FILLS = _counter(
    "strategy_shortfall_fills_total",
    "strategy measured",
    "Fills by whether they are in the shortfall: those with decision price, arrival price and arrival spread are.",
)
STRATEGY_SHORTFALL_SIGNALS = _counter(
    "strategy_shortfall_signals_total",
    "strategy measured",
    "Signals that ended with an unfilled rest, by whether it is in the shortfall: there was a mark.",
)
STRATEGY_FILL_DELAY_SECONDS = _histogram("strategy_fill_delay_seconds", "strategy", "Event time from a signal to its fill.")

# A strategy's capacity.
STRATEGY_CAPACITY = _gauge(
    "strategy_capacity", "strategy", "The most capital that the strategy can use: the smallest of the known limits."
)
STRATEGY_CAPACITY_USED_RATIO = _gauge(
    "strategy_capacity_used_ratio", "strategy", "Capital over capacity; above 1 the strategy has more than it can use."
)
STRATEGY_CAPACITY_LIMIT = _gauge(
    "strategy_capacity_limit",
    "strategy limit",
    "Capital at which a limit is met: edge (more would earn less, for its impact), participation in the volume, depth.",
)
STRATEGY_CAPACITY_BINDING_INFO = _info(
    "strategy_capacity_binding_info", "strategy symbol limit", "The limit that is met first, and the symbol that sets it."
)
STRATEGY_TIER_ALLOWED = _gauge(
    "strategy_tier_allowed", "strategy", "1 if the account's tier lets the strategy trade, 0 if it does not."
)

# A strategy's state of knowledge.
STRATEGY_UNDEFINED_INFO = _info(
    "strategy_undefined_info", "strategy figure reason", "A figure that is left out for now, and why."
)
STRATEGY_CONFIGURED = _gauge(
    "strategy_configured", "strategy", "1 if strategies.yaml has the strategy, 0 if only its events do."
)
STRATEGY_LAST_EVENT_TIMESTAMP_SECONDS = _gauge(
    "strategy_last_event_timestamp_seconds", "strategy", "Wall time at which the strategy's last event was taken in."
)

# The account as a whole.
PORTFOLIO_INFO = _info("portfolio_info", "currency", "The account's reporting currency.")
PORTFOLIO_CAPITAL = _gauge("portfolio_capital", "", "Capital of all strategies.")
PORTFOLIO_EQUITY = _gauge("portfolio_equity", "", "Equity of all strategies at the mark.")
PORTFOLIO_NET_PNL = _gauge("portfolio_net_pnl", "", "Net P&L of all strategies since start.")
PORTFOLIO_PNL = _gauge("portfolio_pnl", "kind", "P&L of all strategies by kind; the kinds add up to the net.")
PORTFOLIO_PERIOD_PNL = _gauge("portfolio_period_pnl", "period", "Net P&L of all strategies since the start of the period.")
PORTFOLIO_CAUSE_PNL = _gauge("portfolio_cause_pnl", "cause", "Net P&L of all strategies by cause; the causes add up to it.")
PORTFOLIO_DRAWDOWN_RATIO = _gauge("portfolio_drawdown_ratio", "", "Drawdown of the account's marked equity from its peak.")
PORTFOLIO_MAX_DRAWDOWN_RATIO = _gauge("portfolio_max_drawdown_ratio", "", "Deepest drawdown of the account since start.")
PORTFOLIO_DRAWDOWN = _gauge("portfolio_drawdown", "", "Drawdown of the account's marked equity, in money.")
PORTFOLIO_UNDER_WATER_SECONDS = _gauge(
    "portfolio_under_water_seconds", "", "Event time since the last peak of the account's marked equity; 0 at the peak."
)
PORTFOLIO_LAST_RECOVERY_SECONDS = _gauge(
    "portfolio_last_recovery_seconds", "", "Event time from trough to new peak of the account's last closed drawdown."
)
PORTFOLIO_LONGEST_RECOVERY_SECONDS = _gauge(
    "portfolio_longest_recovery_seconds", "", "The longest event time from trough to new peak of the account."
)
PORTFOLIO_DRAWDOWN_EPISODE_RATIO = _gauge(
    "portfolio_drawdown_episode_ratio",
    "rank",
    "Depth of the account's worst drawdowns that are over (rank 1 is the deepest), and of the open one (rank open).",
)
PORTFOLIO_DRAWDOWN_EPISODE_RECOVERY_SECONDS = _gauge(
    "portfolio_drawdown_episode_recovery_seconds", "rank", "Event time from the episode's trough to its recovery."
)
PORTFOLIO_DRAWDOWN_EPISODE_START_TIMESTAMP_SECONDS = _gauge(
    "portfolio_drawdown_episode_start_timestamp_seconds", "rank", "Event time of the peak before the episode."
)
PORTFOLIO_UNDEFINED_INFO = _info("portfolio_undefined_info", "figure reason", "An account figure that is left out, and why.")
PORTFOLIO_DAILY_LOSS_USED_RATIO = _gauge(
    "portfolio_daily_loss_used_ratio", "", "Today's loss over the tier's daily loss limit; 0 on a day without a loss."
)
PORTFOLIO_OPEN_POSITIONS = _gauge(
    "portfolio_open_positions", "", "Open positions of all strategies; two strategies in one symbol have two."
)
TIER_USED_RATIO = _gauge(
    "tier_used_ratio", "limit", "Today's loss (max_daily_loss) and the open positions (max_positions) over the tier's limit."
)
TIER_INFO = _info("tier_info", "tier", "The tier of the account, by its equity.")
TIER_STORAGE_INFO = _info(
    "tier_storage_info", "storage", "What the account's tier wants its journal kept in: sqlite or postgresql."
)
TIER_LIMIT = _gauge(
    "tier_limit",
    "limit",
    "Limits of the account's tier: max_daily_loss (money), max_positions (count), stop_loss_ratio, position_risk_ratio.",
)

# Strategies against each other, and against their back-tests.
STRATEGY_CORRELATION = _gauge(
    "strategy_correlation",
    "strategy other estimator",
    "Correlation of two strategies' returns in the risk window (estimator pearson, ledoit_wolf); each pair once.",
)
PORTFOLIO_MEAN_CORRELATION = _gauge(
    "portfolio_mean_correlation", "", "Mean Pearson correlation of all pairs of strategies that have one, told or not."
)
PORTFOLIO_DIVERSIFICATION_RATIO = _gauge(
    "portfolio_diversification_ratio",
    "",
    "Mean volatility of the strategies over the volatility of them together, weighted by equity; 1: all are one bet.",
)
PORTFOLIO_CORRELATION_SHRINKAGE_RATIO = _gauge(
    "portfolio_correlation_shrinkage_ratio", "", "How far Ledoit-Wolf shrinks the covariances of the strategies, 0 to 1."
)
PORTFOLIO_CORRELATION_PAIRS_OMITTED = _gauge(
    "portfolio_correlation_pairs_omitted",
    "",
    "Pairs of strategies with a correlation that is not told: only the strongest are.",
)
PORTFOLIO_CORRELATION_PAIRS_UNDEFINED = _gauge(
    "portfolio_correlation_pairs_undefined", "reason", "Pairs of strategies without a correlation, by reason."
)
STRATEGY_DEGRADATION_CUSUM = _gauge(
    "strategy_degradation_cusum",
    "strategy",
    "Cumulated shortfall of the returns against the baseline, in its standard deviations of a step; an alarm above the limit.",
)
STRATEGY_DEGRADATION_CUSUM_LIMIT = _gauge(
    "strategy_degradation_cusum_limit",
    "strategy",
    "The CUSUM above which the strategy is worse than its baseline, from the wanted mean time between false alarms.",
)
STRATEGY_PROBABILISTIC_SHARPE_RATIO = _gauge(
    "strategy_probabilistic_sharpe_ratio", "strategy", "Probability that the true Sharpe ratio is above the baseline's."
)
STRATEGY_TRACK_RECORD_SECONDS = _gauge(
    "strategy_track_record_seconds", "strategy", "Event time of the returns behind the probabilistic Sharpe ratio."
)
STRATEGY_MIN_TRACK_RECORD_SECONDS = _gauge(
    "strategy_min_track_record_seconds",
    "strategy",
    "Event time that a record must span to tell the Sharpe ratio seen from the baseline's (degradation.confidence).",
)

# Returns on the grid, of each strategy and of the account as a whole.
STRATEGY_INFO = _info("strategy_info", "strategy benchmark", "The benchmark of the strategy's beta and alpha; empty for none.")
STRATEGY_OBSERVATIONS, PORTFOLIO_OBSERVATIONS = _twins(
    "observations", "", "Returns in the risk window; figures that stand on fewer than min_observations are left out."
)
STRATEGY_SHARPE_RATIO, PORTFOLIO_SHARPE_RATIO = _twins(
    "sharpe_ratio", "window", "Sharpe ratio of a year over the window (all: since start), above the risk-free rate."
)
STRATEGY_SORTINO_RATIO, PORTFOLIO_SORTINO_RATIO = _twins(
    "sortino_ratio", "window", "Sortino ratio of a year over the window (all: since start), against the risk-free rate."
)
STRATEGY_CALMAR_RATIO, PORTFOLIO_CALMAR_RATIO = _twins(
    "calmar_ratio", "window", "Compounded return of a year over the deepest drawdown, of the grid's returns in the window."
)
STRATEGY_VOLATILITY_RATIO, PORTFOLIO_VOLATILITY_RATIO = _twins(
    "volatility_ratio", "window", "Standard deviation of the returns in the window, of a year."
)
_TAIL = "method confidence horizon"
STRATEGY_VALUE_AT_RISK_RATIO, PORTFOLIO_VALUE_AT_RISK_RATIO = _twins(
    "value_at_risk_ratio", _TAIL, "Loss that is exceeded with a probability of 1 - confidence, as a share of the equity."
)
STRATEGY_VALUE_AT_RISK, PORTFOLIO_VALUE_AT_RISK = _twins(
    "value_at_risk", _TAIL, "Loss that is exceeded with a probability of 1 - confidence, in money at the equity of now."
)
STRATEGY_EXPECTED_SHORTFALL_RATIO, PORTFOLIO_EXPECTED_SHORTFALL_RATIO = _twins(
    "expected_shortfall_ratio", _TAIL, "Mean of the losses beyond the value at risk, as a share of the equity."
)
STRATEGY_EXPECTED_SHORTFALL, PORTFOLIO_EXPECTED_SHORTFALL = _twins(
    "expected_shortfall", _TAIL, "Mean of the losses beyond the value at risk, in money at the equity of now."
)
PORTFOLIO_COMPONENT_VALUE_AT_RISK = _gauge(
    "portfolio_component_value_at_risk",
    f"strategy {_TAIL}",
    "Each strategy's part of the account's value at risk, in money; the parts add up to it.",
)
STRATEGY_VAR_FORECASTS, PORTFOLIO_VAR_FORECASTS = _counted_twins(
    "var_forecasts_total", "method confidence", "Steps of the grid whose return was compared with the value at risk before it."
)
STRATEGY_VAR_EXCEEDANCES, PORTFOLIO_VAR_EXCEEDANCES = _counted_twins(
    "var_exceedances_total", "method confidence", "Steps of the grid that lost more than the value at risk before them."
)
STRATEGY_VAR_KUPIEC_PVALUE, PORTFOLIO_VAR_KUPIEC_PVALUE = _twins(
    "var_kupiec_pvalue", "method confidence", "Kupiec test: near 0, exceedances come too often or too rarely."
)
STRATEGY_VAR_INDEPENDENCE_PVALUE, PORTFOLIO_VAR_INDEPENDENCE_PVALUE = _twins(
    "var_independence_pvalue", "method confidence", "Christoffersen's test of independence: near 0, exceedances cluster."
)
STRATEGY_BETA, PORTFOLIO_BETA = _twins("beta", "", "Beta to the benchmark in the risk window.")
STRATEGY_BETA_STANDARD_ERROR, PORTFOLIO_BETA_STANDARD_ERROR = _twins(
    "beta_standard_error", "", "Standard error of beta, by least squares."
)
STRATEGY_ALPHA_RATIO, PORTFOLIO_ALPHA_RATIO = _twins(
    "alpha_ratio", "", "Mean return beyond beta times the benchmark's, above the risk-free rate, compounded over a year."
)

# Thresholds and the service about itself.
ALERT_THRESHOLD = _gauge(
    "alert_threshold",
    "alert severity strategy part",
    "Thresholds of the alert rules; strategy is empty for the default, part (low, high, week, month) where there is one.",
)
MARK_TIMESTAMP_SECONDS = _gauge("mark_timestamp_seconds", "symbol", "Wall time at which the symbol's mark was last confirmed.")
EVENTS = _counter(
    "events_total",
    "kind outcome",
    "Events taken in by outcome: accepted, duplicate, conflict, rejected, or late (a market event older than the mark).",
)
EVENTS_LATE = _counter(
    "events_late_total", "kind", "Account events booked though far behind the latest event time (events.late_after_seconds)."
)
SOURCE_MISSING_EVENTS = _gauge(
    "source_missing_events", "source", "Numbers (seq) below the source's highest whose events are not in the journal."
)
SOURCE_NUMBERED_EVENTS = _counter(
    "source_numbered_events_total",
    "source order",
    "Events with a number (seq) by its order: next, ahead (it leaves a gap), filler (it was missing), repeated.",
)
SOURCES_FORGOTTEN = _counter("sources_forgotten_total", "", "Sources whose numbers were dropped to make room for new ones.")
SOURCE_CLOCK_OFFSET_SECONDS = _gauge(
    "source_clock_offset_seconds",
    "source",
    "Event time less arrival of the event that came soonest in the last one to two minutes; above 0, the source is ahead.",
)
RECONCILIATION_BREAK = _gauge(
    "reconciliation_break",
    "scope strategy symbol",
    "Position by the last statement less position in the books, in units of the symbol; only where they differ.",
)
RECONCILIATION_CASH_BREAK = _gauge(
    "reconciliation_cash_break",
    "scope strategy currency",
    "Cash by the last statement less cash in the books, in units of the currency; only where they differ.",
)
RECONCILIATION_OPEN_BREAKS = _gauge(
    "reconciliation_open_breaks", "scope", "Positions and balances in which the last statement and the books differ."
)
RECONCILIATION_TIMESTAMP_SECONDS = _gauge(
    "reconciliation_timestamp_seconds", "scope", "Wall time at which the last statement was compared with the books."
)
EVENT_PROCESSING_SECONDS = _histogram("event_processing_seconds", "kind", "Wall time from an event's arrival to its books.")
EVENT_LAG_SECONDS = _histogram("event_lag_seconds", "kind", "Wall time at arrival less the event's own time.")
API_REQUESTS = _counter("api_requests_total", "path code", "HTTP requests to the API by path and status code.")
INGEST_PENDING_EVENTS = _gauge("ingest_pending_events", "", "Events that came over HTTP and are not booked yet.")
JOURNAL_EVENTS = _gauge("journal_events", "", "Events in the journal.")
JOURNAL_COMMIT_ERRORS = _counter("journal_commit_errors_total", "", "Commits that failed, so that nothing of them was kept.")
JOURNAL_INFO = _info("journal_info", "backend", "What the journal is kept in: sqlite or postgresql.")
JOURNAL_PENDING_EVENTS = _gauge("journal_pending_events", "", "Events that wait for their commit.")
JOURNAL_COMMIT_EVENTS = _histogram("journal_commit_events", "", "Events that shared a commit.")
JOURNAL_APPEND_SECONDS = _histogram("journal_append_seconds", "", "Wall time of a durable append to the journal.")
COLLECTOR_DURATION_SECONDS = _gauge("collector_duration_seconds", "group", "Wall time that a group of metrics took to collect.")
COLLECTOR_SUCCESS = _gauge("collector_success", "group", "1 if a group of metrics was collected, 0 if it failed.")
SERIES_FOLDED = _gauge(
    "series_folded", "label", "Label values past the configured bound, whose series are folded into `other`."
)
BUILD_INFO = _info("build_info", "version", "The running version of Genesis.")

# What the rotation controller tells of itself. Weights are shares of the capital; what they leave over is not given out.
ROTATION_TARGET_WEIGHT_RATIO = _of_rotation(
    _gauge(
        "rotation_target_weight_ratio", "strategy", "Share of the capital that the strategy is to have, by the last decision."
    )
)
ROTATION_ENGINE_WEIGHT_RATIO = _of_rotation(
    _gauge("rotation_engine_weight_ratio", "strategy", "Share of the capital that the strategy has, as the engine reports it.")
)
ROTATION_SCORE = _of_rotation(_gauge("rotation_score", "strategy", "What the strategy's figures amount to; more is better."))
ROTATION_STATE = _of_rotation(
    _gauge("rotation_state", "strategy state", "1 for the state of the strategy by the last decision, 0 for the others.")
)
ROTATION_PINNED = _of_rotation(_gauge("rotation_pinned", "strategy", "1 if a person fixed the strategy, 0 if not."))
ROTATION_RULE_HOLDS = _of_rotation(
    _gauge("rotation_rule_holds", "strategy rule", "1 while a hard rule holds of the strategy, 0 while it does not.")
)
ROTATION_DECISIONS = _of_rotation(
    _counter(
        "rotation_decisions_total",
        "action reason",
        "Decisions on single strategies by what they changed, and why; hold changes nothing.",
    )
)
ROTATION_STEP_TIMESTAMP_SECONDS = _of_rotation(
    _gauge(
        "rotation_step_timestamp_seconds",
        "strategy action reason",
        "Wall time at which a strategy was last changed in this way for this reason.",
    )
)
ROTATION_LAST_DECISION_TIMESTAMP_SECONDS = _of_rotation(
    _gauge(
        "rotation_last_decision_timestamp_seconds",
        "",
        "Wall time of the last decision; one that changes nothing, or is blocked, counts as well.",
    )
)
ROTATION_INTERVAL_SECONDS = _of_rotation(
    _gauge("rotation_interval_seconds", "", "The time between two decisions, as it is configured.")
)
ROTATION_ENFORCING = _of_rotation(
    _gauge("rotation_enforcing", "", "1 if decisions are sent to the engine, 0 if they are only told.")
)
ROTATION_LEADING = _of_rotation(
    _gauge("rotation_leading", "", "1 if this controller decides, 0 if it waits for another one that does.")
)
ROTATION_HALTED = _of_rotation(_gauge("rotation_halted", "", "1 while the kill switch keeps everything as it is, 0 while not."))
ROTATION_TURNOVER_USED_RATIO = _of_rotation(
    _gauge("rotation_turnover_used_ratio", "", "What was moved in the last 24 hours over what may be.")
)
ROTATION_DELIVERIES = _of_rotation(
    _counter(
        "rotation_deliveries_total",
        "outcome",
        "Deliveries of decisions to the engine: confirmed, unconfirmed, refused, failed.",
    )
)
ROTATION_BLOCKED_INFO = _of_rotation(
    _info("rotation_blocked_info", "reason", "Why no step that adds risk is taken; there is none while all is well.")
)

CATALOG: tuple[Metric, ...] = tuple(value for value in globals().values() if isinstance(value, Metric))
BY_NAME: dict[str, Metric] = {metric.name: metric for metric in CATALOG}
