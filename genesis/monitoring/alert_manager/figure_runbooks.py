"""What to do when an alert on the returns, round trips or fills of a strategy fires."""

from __future__ import annotations

from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.figure_rules import (
    CUSUM,
    EXPECTED_SLIPPAGE,
    FILL_DELAY,
    PERIOD_LOSS,
    PROBABLE_SHARPE,
    PROFIT_FACTOR,
    SHORTFALL,
    VAR_EXCEEDED,
    WIN_RATE,
)
from genesis.monitoring.alert_manager.runbook import Look, Runbook

_WIN_TO_LOSS = f"{catalog.STRATEGY_AVERAGE_WIN.name} / {catalog.STRATEGY_AVERAGE_LOSS.name}"
_DELAYS = catalog.STRATEGY_FILL_DELAY_SECONDS.name
_CAUSES = Look("What does the P&L come from?", catalog.STRATEGY_CAUSE_PNL.name)
_TRIPS = Look("How many round trips stand behind it?", catalog.STRATEGY_WINDOW_TRADES.name)
_SLIPPAGE = Look("What do fills cost against their signals?", catalog.STRATEGY_MEAN_SLIPPAGE_RATIO.name)

FIGURE_RUNBOOKS: dict[str, Runbook] = {
    "ValueAtRiskExceeded": Runbook(
        "Since the start, more steps of the grid lost more than the value at risk before them than its confidence allows, and "
        "Kupiec's test says that this is hardly chance. Too few exceedances raise nothing, and so do fewer forecasts than "
        "min_forecasts.",
        (
            Look("The p-value, where exceedances come too often", VAR_EXCEEDED),
            Look(
                "What share of the steps exceeded it?",
                f"{catalog.STRATEGY_VAR_EXCEEDANCES.name} / {catalog.STRATEGY_VAR_FORECASTS.name}",
            ),
            Look("Do they cluster (near 0)?", catalog.STRATEGY_VAR_INDEPENDENCE_PVALUE.name),
            Look("Is it so with the other methods?", catalog.STRATEGY_VAR_KUPIEC_PVALUE.name),
            Look("Did positions grow?", f"sum by (strategy) (abs({catalog.STRATEGY_POSITION_VALUE.name}))"),
        ),
        "Do not size positions by the value at risk of this strategy: its losses are larger than it says. Clustered "
        "exceedances: the market has become wilder; reduce the strategy until it is calm, or shorten risk_window. Spread over "
        "time: positions have grown, or the strategy has changed; look at its exposure.",
        "The counts go back to the start: after a change of the strategy, or of risk_window, old exceedances count on, and the "
        "alert ends slowly. A strategy that trades rarely has a value at risk near 0, and exceeds it with each position.",
    ),
    "ExpectedShortfallHigh": Runbook(
        "The mean of the worst returns in the risk window, scaled to the horizon by the square root of time, is a larger share "
        "of the equity than the budget. It says what a bad day costs, not what was lost.",
        (
            Look("How much, of enough returns?", SHORTFALL),
            Look("By all methods and levels", catalog.STRATEGY_EXPECTED_SHORTFALL_RATIO.name),
            Look("In money", catalog.STRATEGY_EXPECTED_SHORTFALL.name),
            Look("How volatile is it, of a year?", catalog.STRATEGY_VOLATILITY_RATIO.name),
            Look("Where is the exposure?", f"{catalog.STRATEGY_POSITION_VALUE.name} != 0"),
        ),
        "Warning: see whether positions or the market have grown; bring the strategy back into its budget. Critical: reduce it "
        "now. Less capital does not help where its positions do not shrink with it.",
        "Returns that turn back at once (a quote that flickers) are scaled as if they went on: compare the longer windows' "
        "volatility. One gap in the data that is booked as one return leaves with risk_window.",
    ),
    "WinRateLow": Runbook(
        "Of the round trips that closed in the window, too few won, net of fees and funding. Fewer round trips than min_trades "
        "raise nothing.",
        (
            Look("The rate, of enough round trips", WIN_RATE),
            _TRIPS,
            Look("By window", catalog.STRATEGY_WIN_RATE_RATIO.name),
            Look(
                "What is won and what is lost on average?",
                _WIN_TO_LOSS,
            ),
            _CAUSES,
            _SLIPPAGE,
        ),
        "If fees or slippage have grown, it is the execution: look at SlippageHigh and FillDelayHigh. If they have not, the "
        "signal has lost its edge: reduce the strategy, and compare with the longer windows. Critical: pause it until it is "
        "understood.",
        "A strategy that wins rarely and much, a trend follower for example: its profit factor is what counts. Give it an "
        "override.",
    ),
    "ProfitFactorLow": Runbook(
        "What the round trips of the window won, over what the others lost, is too little; below 1 the strategy loses. Fewer "
        "round trips than min_trades raise nothing, and neither does a window without a loss.",
        (
            Look("The factor, of enough round trips", PROFIT_FACTOR),
            _TRIPS,
            Look("By window", catalog.STRATEGY_PROFIT_FACTOR_RATIO.name),
            Look("Mean of a round trip, in money", catalog.STRATEGY_EXPECTANCY.name),
            Look("Losses in a row", f'{catalog.STRATEGY_STREAK.name}{{result="loss"}}'),
            _CAUSES,
        ),
        "See whether one large loss or many small ones make it. One: see how it came about, and whether its stop worked. "
        "Many: as for WinRateLow. Critical: pause the strategy until it is understood.",
        "One large loss in a window of few trips, made good in the next.",
    ),
    "SharpeDegraded": Runbook(
        "The strategy's returns are worse than its baseline in strategies.yaml. Warning: by its Sharpe ratio since the start, "
        "with a record that is long enough to tell; the figure is the probability that the true one is above the baseline's. "
        "Critical: by the CUSUM, which adds up shortfalls and notices a change soon; the figure is in multiples of its limit.",
        (
            Look("Probability, of a record long enough", PROBABLE_SHARPE),
            Look("CUSUM in multiples of its limit", CUSUM),
            Look(
                "How long is the record, and how long must it be (seconds)?",
                f"{catalog.STRATEGY_TRACK_RECORD_SECONDS.name} / {catalog.STRATEGY_MIN_TRACK_RECORD_SECONDS.name}",
            ),
            Look("Sharpe ratio by window", catalog.STRATEGY_SHARPE_RATIO.name),
            _CAUSES,
            _SLIPPAGE,
        ),
        "Find out what has changed: costs (cause fees and slippage), the market, or the strategy. Warning: give it no more "
        "capital. Critical: reduce it or take it out, until its baseline is confirmed or made anew with `genesis baseline`. A "
        "CUSUM that was high comes down only as returns are above the baseline again.",
        "As often as degradation.false_alarm_interval says, by chance. A baseline from another market, step or size than the "
        "strategy trades with: make it anew.",
    ),
    "SlippageAboveExpected": Runbook(
        "Over the window, the strategy's fills cost on average so many times what expected_slippage_ratio in strategies.yaml "
        "says; fills better than their signals count against worse ones. Fewer fills than min_fills raise nothing, and neither "
        "does a strategy without an expected slippage, or with one of 0.",
        (
            Look("Multiple of the expected, of enough fills", EXPECTED_SLIPPAGE),
            Look("What is expected?", catalog.STRATEGY_EXPECTED_SLIPPAGE_RATIO.name),
            Look("Which symbols cost, since start?", catalog.STRATEGY_SYMBOL_SLIPPAGE_RATIO.name),
            Look("Are the fills late (seconds)?", FILL_DELAY),
            Look("Delay, spread or impact, in money?", catalog.STRATEGY_SHORTFALL.name),
        ),
        "If the delay has grown, look at the connection to the exchange. If one symbol costs, look at its book. If impact, "
        "make the orders smaller. While it costs more than the strategy's edge, pause it.",
        "An expected slippage that was never measured: set it to what the strategy's own fills cost in good times.",
    ),
    "FillDelayHigh": Runbook(
        "Of the strategy's fills in the window, the configured share came within the time told (times of the events), and "
        "the rest later. The histogram ends at a minute: 1m may be more. Fewer fills than min_fills raise nothing.",
        (
            Look("The quantile (seconds)", FILL_DELAY),
            Look(
                "Its mean (seconds)",
                f"rate({_DELAYS}_sum[5m]) / rate({_DELAYS}_count[5m])",
            ),
            Look(
                "Maker or taker?",
                f"sum by (strategy, liquidity) (rate({catalog.STRATEGY_FILLS.name}[5m]))",
            ),
            Look("Are the clocks apart (seconds)?", catalog.SOURCE_CLOCK_OFFSET_SECONDS.name),
            Look("What does it cost?", f'{catalog.STRATEGY_SHORTFALL.name}{{part="delay"}}'),
        ),
        "All strategies: the connection to the exchange, or the exchange; look at its status, and restart the order path. One "
        "strategy: its orders rest too deep in the book, or are too large for it.",
        "A strategy whose orders rest in the book by design: give it an override. An engine that stamps signals and fills by "
        "two clocks.",
    ),
    "CorrelationHigh": Runbook(
        "The returns of two strategies in the risk window have a Pearson correlation at or above correlation_alert_ratio of "
        "trading_rules.yaml: they are the same bet, and their risk adds up. A negative correlation raises nothing.",
        (
            Look("Which pairs?", f'sort_desc({catalog.STRATEGY_CORRELATION.name}{{estimator="pearson"}})'),
            Look("Shrunk, which is steadier", f'{catalog.STRATEGY_CORRELATION.name}{{estimator="ledoit_wolf"}}'),
            Look("Do they hold the same?", f"{catalog.STRATEGY_POSITION_VALUE.name} != 0"),
            Look("Is it the market?", catalog.STRATEGY_BETA.name),
            Look("How diversified is the account (1: not at all)?", catalog.PORTFOLIO_DIVERSIFICATION_RATIO.name),
        ),
        "Count the two as one in every limit. If both hold the same symbols, reduce one of them; if both follow the market, "
        "hedge it.",
        "Few points in common: correlation.min_overlap is the least. One large move that both were in leaves with risk_window.",
    ),
    "BetaOutOfBand": Runbook(
        "The strategy moves with its benchmark more, or less, than its band allows, by more than the configured number of "
        "standard errors.",
        (
            Look("Beta", catalog.STRATEGY_BETA.name),
            Look("How sure is it?", catalog.STRATEGY_BETA_STANDARD_ERROR.name),
            Look("Against which benchmark?", catalog.STRATEGY_INFO.name),
            Look("Long or short?", catalog.STRATEGY_EXPOSURE.name),
            Look("What has the market brought?", f'{catalog.STRATEGY_CAUSE_PNL.name}{{cause="market"}}'),
        ),
        "See whether a hedge is missing, or a position stays open that should not. Until it is mended, the strategy's P&L is "
        "the market's to that extent: do not read it as skill.",
        "A strategy that is meant to follow the market: give it a band of its own. A benchmark that hardly moved: its beta "
        "hangs on few steps, although its standard error says so, too.",
    ),
    "CapacityNearlyUsed": Runbook(
        "The strategy's capital is nearly (warning), or wholly (critical), what it can use: the smallest of what its edge, its "
        "share of the volume, and the depth of the book allow.",
        (
            Look("How much is used?", catalog.STRATEGY_CAPACITY_USED_RATIO.name),
            Look("Which limit binds, in which symbol?", catalog.STRATEGY_CAPACITY_BINDING_INFO.name),
            Look("All limits, as capital", catalog.STRATEGY_CAPACITY_LIMIT.name),
            Look("What does impact cost?", f'{catalog.STRATEGY_SHORTFALL.name}{{part="impact"}}'),
        ),
        "Give the strategy no more capital. Critical: move some to another; more earns less here. Limit participation or "
        "depth: trade the binding symbol less, or split its orders.",
        "A thin hour: volume and depth are those of the last day and of now. A simulated book, as the demo's.",
    ),
    "PeriodLoss": Runbook(
        "Since the start of the week (Monday) or the month, in the configured time zone, the strategy has lost the given share "
        "of the equity that it had then.",
        (
            Look("How much, as a share?", PERIOD_LOSS),
            Look("In money", catalog.STRATEGY_PERIOD_PNL.name),
            Look("Which symbols and components lost it?", f'sort({catalog.STRATEGY_PERIOD_ATTRIBUTION.name}{{period="week"}})'),
            Look("How deep is the drawdown?", catalog.STRATEGY_DRAWDOWN_RATIO.name),
            _CAUSES,
        ),
        "Warning: look whether it is one day or all of them, and whether SharpeDegraded says the same. Critical: take the "
        "strategy out until the period is over, or its loss is understood.",
        "Capital that was moved in or out within the period counts as if it had been so from its start: after most of it was "
        "taken out, the share is too large.",
    ),
    "FiguresUndefined": Runbook(
        "Figures of the strategy have not been known for longer than the alert waits, and the reason is one that somebody has "
        "to mend. Alerts on these figures cannot fire. One alert a strategy and reason, however many figures.",
        (
            Look("Which figures, and why?", catalog.STRATEGY_UNDEFINED_INFO.name),
            Look(
                "no_mark: held without a mark?",
                f"{catalog.STRATEGY_POSITION_QUANTITY.name} != 0 "
                f"unless on (instance, symbol) {catalog.MARK_TIMESTAMP_SECONDS.name}",
            ),
            Look("no_conversion: in which symbols does it trade?", catalog.STRATEGY_VOLUME.name),
            Look("Is the account known?", catalog.PORTFOLIO_UNDEFINED_INFO.name),
        ),
        "no_mark: send quotes of the symbol, under the same name as in the fills. no_conversion: give the currency a "
        "conversion symbol, and send its quotes. too_many_trips: a window of statistics.windows is longer than the round trips "
        "that are kept; shorten it. error: the monitor's log has what failed.",
        "A symbol that is not quoted any more and whose position is worthless: book it out. A window that was just configured "
        "longer: too_many_trips ends when it has filled.",
    ),
}
