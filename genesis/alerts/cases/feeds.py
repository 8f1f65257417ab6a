"""The cases of what comes in from the market and the engine, and does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

from genesis.alerts.cases.case import Case, Check, Firing, held, human, not_before, series
from genesis.alerts.cases.figure import places, strategies
from genesis.alerts.cases.maker import CaseMaker
from genesis.alerts.figure import SEVERITIES
from genesis.alerts.promql import number
from genesis.core.duration import duration_text
from genesis.metrics import catalog


def stale(maker: CaseMaker) -> Iterator[Case]:
    """MarketDataStale."""
    config, time = maker.of("MarketDataStale"), maker.time
    hold, warning, critical = (time.steps(span) for span in (config.hold, config.warning, config.critical))
    quantity, mark = catalog.STRATEGY_POSITION_QUANTITY.name, series(catalog.MARK_TIMESTAMP_SECONDS.name, symbol="BTCUSDT")
    end = critical + hold + 2

    def firing(step: int) -> list[Firing]:
        age = human(time.seconds(step))
        return [
            maker.firing(severity, {"symbol": "BTCUSDT"}, value=age, threshold=duration_text(getattr(config, severity)))
            for severity, since in zip(SEVERITIES, (warning, critical), strict=True)
            if step >= since + hold
        ]

    def holding(amount: str, symbol: str = "BTCUSDT") -> dict[str, str]:
        return {mark: held(0, end), series(quantity, strategy="one", symbol=symbol): held(amount, end)}

    steps = sorted({max(0, warning + hold - 1), warning + hold, critical + hold - 1, critical + hold})
    checks = [Check(step, firing(step)) for step in steps]
    yield maker.case("fires for a long position, by the age of its mark", holding("0.5"), checks)
    yield maker.case("fires for a short position", holding("-0.5"), checks)
    two = {**holding("0.5"), series(quantity, strategy="two", symbol="BTCUSDT"): held(-2, end)}
    yield maker.case("fires once for a symbol that two strategies hold", two, checks)
    yield maker.case("says nothing of a symbol that nobody holds any more", holding("0"), [Check(end)])
    yield maker.case("says nothing of a symbol while another is held", holding("1", "ETHUSDT"), [Check(end)])
    yield maker.case("says nothing of a mark that is absent", dict(list(holding("1").items())[1:]), [Check(end)])
    kept = end + maker.kept(config)
    fresh = f"{held(0, end - 1)} {time.seconds(end):g}+{time.seconds(1):g}x{kept}"
    back = {mark: fresh, series(quantity, strategy="one", symbol="BTCUSDT"): held(1, 2 * kept)}
    checks = [Check(end - 1, firing(end - 1)), Check(kept)]
    yield maker.case("ends with a fresh quote, after keep_firing_for", back, checks)


def silent(maker: CaseMaker) -> Iterator[Case]:
    """StrategySilent."""
    return _Silence(maker).cases()


class _Silence:
    """Strategies that have been silent for some time at the first step, and say nothing then; their market moves."""

    def __init__(self, maker: CaseMaker) -> None:
        (self._figure,) = maker.alert.figures()
        self._maker = maker
        self._config = maker.of("StrategySilent")
        self._hold = maker.hold(self._config)
        self._everyone = strategies(self._config.overrides)
        self._long = {who: 2 * self._config.levels(who).critical for who in self._everyone}

    def cases(self) -> Iterator[Case]:
        yield from self._near_thresholds()
        yield from self._held_back()
        yield from self._over_time()
        yield self._maker.absent(self._config)
        yield self._ends()

    def _near_thresholds(self) -> Iterator[Case]:
        hold = self._hold
        for place, name in enumerate(name for name, _ in places(self._figure, None)):
            silences = {who: places(self._figure, who)[place][1] for who in self._everyone}
            checks = [*not_before(hold), Check(hold, self._firing(silences, hold))]
            yield self._maker.case(name, self._shown(silences, hold + 1), checks)
        held_too = {_position("ETHUSDT", who): held(2, hold + 1) for who in self._everyone}
        one_quoted = {**self._shown(self._long, hold + 1), **held_too, _mark("BTCUSDT"): held(self._old, hold + 1)}
        one_quoted[_mark("ETHUSDT")] = self._fresh(0, hold + 1)
        checks = [Check(hold, self._firing(self._long, hold))]
        yield self._maker.case("fires while one of its symbols is quoted", one_quoted, checks)

    def _held_back(self) -> Iterator[Case]:
        steps, shown, mark = self._hold + 1, self._shown(self._long, self._hold + 1), _mark("BTCUSDT")
        may_not = {series(catalog.STRATEGY_TIER_ALLOWED.name, strategy=who): held(0, steps) for who in self._everyone}
        paused = {series(catalog.ROTATION_ENGINE_WEIGHT_RATIO.name, strategy=who): held(0, steps) for who in self._everyone}
        may = {one: held(1, steps) for one in (*may_not, *paused)}
        for name, gone, other in (
            ("says nothing while its market stands still", [], {mark: held(self._old, steps)}),
            ("says nothing while its symbols have no mark", [mark], {}),
            ("says nothing while only another symbol is quoted", [mark], {_mark("ETHUSDT"): self._fresh(0, steps)}),
            ("says nothing of strategies that never traded", [_position("BTCUSDT", who) for who in self._everyone], {}),
            ("says nothing of a start without an event", [_last(who) for who in self._everyone], {}),
            ("says nothing of strategies that the tier does not let trade", [], may_not),
            ("says nothing of strategies that rotation has paused", [], paused),
        ):
            left = {one: values for one, values in shown.items() if one not in gone}
            yield self._maker.silent(name, {**left, **other}, self._config)
        told = self._firing(self._long, self._hold)
        yield self._maker.fires("fires for strategies that may trade", {**shown, **may}, self._config, told)

    def _over_time(self) -> Iterator[Case]:
        hold, mark = self._hold, _mark("BTCUSDT")
        opens = {**self._shown(self._long, hold + 3), mark: f"{held(self._old, 1)} {self._fresh(2, hold + 1)}"}
        least = min(
            self._maker.time.steps(timedelta(seconds=float(self._config.levels(who).warning))) for who in self._everyone
        )
        yield self._maker.case("counts from where its market began to move", opens, [Check(hold + min(3, least))])
        # Two steps are told, two are not, and then nothing of the events before.
        away = {one: f"0 0 stale _ {held(0, hold)}" for one in self._shown(self._long, 0)}
        away |= {_last(who): f"{held(number(-silence), 1)} stale" for who, silence in self._long.items()}
        away[mark] = f"{self._fresh(0, 1)} stale _ {self._fresh(4, hold)}"
        checks = [Check(3, self._kept(1)), Check(hold + 4, self._firing(self._long, hold + 4))]
        yield self._maker.case("counts on after a restart of the monitor", away, checks)

    def _ends(self) -> Case:
        ends, kept = self._hold + 2, self._maker.kept(self._config)
        shown = self._shown(self._long, ends + kept + 1)
        for who, silence in self._long.items():
            shown[_last(who)] = f"{held(number(-silence), ends - 1)} {self._fresh(ends, kept + 1)}"
        last = self._firing(self._long, ends - 1)
        checks = [Check(ends - 1, last), *([Check(ends + kept - 1, last)] if kept else []), Check(ends + kept)]
        return self._maker.case("ends after keep_firing_for, once it is heard of again", shown, checks)

    def _kept(self, step: int) -> list[Firing]:
        """What fires where the figure went away after `step`."""
        stays = self._hold <= step and self._maker.kept(self._config) > 1
        return self._firing(self._long, step) if stays else []

    def _firing(self, silences: Mapping[str, Decimal], step: int) -> list[Firing]:
        """What fires at `step`."""
        return [
            self._maker.firing(severity, {"strategy": who}, value=human(seconds), threshold=self._figure.show.threshold(level))
            for who, silence in silences.items()
            for severity in SEVERITIES
            if silence >= (level := getattr(self._config.levels(who), severity))
            for seconds in [float(silence) + self._maker.time.seconds(step)]
        ]

    def _shown(self, silences: Mapping[str, Decimal], steps: int) -> dict[str, str]:
        """The strategies are flat in a symbol that is being quoted."""
        made = {_mark("BTCUSDT"): self._fresh(0, steps)}
        made |= {_position("BTCUSDT", who): held(0, steps) for who in silences}
        made |= {series(catalog.STRATEGY_CONFIGURED.name, strategy=who): held(1, steps) for who in silences}
        return made | {_last(who): held(number(-silence), steps) for who, silence in silences.items()}

    def _fresh(self, start: int, steps: int) -> str:
        """The time of each step from `start` on."""
        return f"{self._maker.time.seconds(start):g}+{self._maker.time.seconds(1):g}x{steps}"

    @property
    def _old(self) -> str:
        """A time that is not fresh at the first step, and never after it."""
        return f"-{self._config.quoted_within.total_seconds():g}"


def _mark(symbol: str) -> str:
    return series(catalog.MARK_TIMESTAMP_SECONDS.name, symbol=symbol)


def _position(symbol: str, strategy: str) -> str:
    return series(catalog.STRATEGY_POSITION_QUANTITY.name, strategy=strategy, symbol=symbol)


def _last(strategy: str) -> str:
    return series(catalog.STRATEGY_LAST_EVENT_TIMESTAMP_SECONDS.name, strategy=strategy)
