"""The cases of an alert that compares a figure of each strategy: each threshold, overrides, samples, absence, the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from itertools import count
from typing import NamedTuple

from genesis.alerts.cases.case import Case, Check, Firing, around, held, human, not_before, series
from genesis.alerts.cases.maker import ABSENT, CaseMaker
from genesis.alerts.figure import AS_DELAY, AS_RATIO, Figure, overrides_of, percent, plain

Sample = Mapping[str, str]
"""Series → its value."""
Shown = Callable[[str, Decimal], Sample]
"""Strategy and its figure → the series that make it."""


class Subject(NamedTuple):
    """A figure, and the series that it is made of."""

    figure: Figure
    shown: Shown
    silent: Mapping[str, Shown] = {}
    """Why nothing fires → the series of a figure that would, but for that."""
    burst: bool = False
    """Whether it stands on counters that move, once at step 1, and not on gauges."""


def figure_cases(maker: CaseMaker, subject: Subject) -> Iterator[Case]:
    """All cases of one figure."""
    yield from _near_thresholds(maker, subject)
    yield from _silent(maker, subject)
    yield _ends(maker, subject)


def strategies(overrides: Mapping[str, object]) -> list[str]:
    """Every strategy with an override, and one without; that one stands for the account, too."""
    plain_ = next(name for place in count() if (name := f"strategy_{place}") not in overrides)
    return [plain_, *overrides]


def worst(figure: Figure) -> dict[str, Decimal]:
    """Each strategy where all its alerts fire."""
    return {who: places(figure, who)[-1][1] for who in strategies(overrides_of(figure.config))}


def firing_of(maker: CaseMaker, figure: Figure, values: Mapping[str, Decimal]) -> list[Firing]:
    """What fires where the strategies have these values."""
    found = []
    for who, value in values.items():
        for severity in figure.severities:
            level = getattr(figure.config.levels(who), severity)
            if value <= level if figure.lower_is_worse else value >= level:
                words = {**figure.words, "value": _text(figure, value), "threshold": figure.show.threshold(level)}
                found.append(maker.firing(severity, figure.labels(who), **words))
    return found


def together(shown: Shown, values: Mapping[str, Decimal]) -> dict[str, str]:
    """The series of all strategies."""
    return {one: value for who, level in values.items() for one, value in shown(who, level).items()}


def _near_thresholds(maker: CaseMaker, subject: Subject) -> Iterator[Case]:
    figure, hold = subject.figure, _hold(maker, subject)
    for place, name in enumerate(name for name, _ in places(figure, None)):
        values = {who: places(figure, who)[place][1] for who in strategies(overrides_of(figure.config))}
        checks = [*not_before(hold), Check(hold, firing_of(maker, figure, values))]
        yield maker.case(f"{name} ({_sort(figure)})", _line(subject, subject.shown, values, hold), checks)


def _silent(maker: CaseMaker, subject: Subject) -> Iterator[Case]:
    hold, values = _hold(maker, subject), worst(subject.figure)
    for name, shown in subject.silent.items():
        yield maker.case(name, _line(subject, shown, values, hold), [Check(hold), Check(hold + 1)])
    yield maker.case(f"{ABSENT} ({_sort(subject.figure)})", {series("up"): held(1, hold)}, [Check(hold)])


def _ends(maker: CaseMaker, subject: Subject) -> Case:
    figure, values = subject.figure, worst(subject.figure)
    firing, kept = firing_of(maker, figure, values), maker.kept(figure.config)
    if subject.burst:
        window = getattr(figure.config, "window")  # noqa: B009 - all alerts on fills have one
        # The last step with the burst in the window depends on whether Prometheus counts the window's left edge (2.x does).
        last, over = window // maker.time.interval - 1 + kept, maker.time.steps(window) + 1 + kept
        shown = _line(subject, subject.shown, values, over)
        return maker.case(f"ends after keep_firing_for ({_sort(figure)})", shown, [Check(last, firing), Check(over)])
    better = {who: _harmless(figure, who) for who in values}
    bad, good = (together(subject.shown, all_) for all_ in (values, better))
    return maker.ends(figure.config, {one: (bad[one], good[one]) for one in bad}, firing, f" ({_sort(figure)})")


def _hold(maker: CaseMaker, subject: Subject) -> int:
    """The step at which the figure has been there for long enough."""
    return maker.hold(subject.figure.config) + (1 if subject.burst else 0)


def _line(subject: Subject, shown: Shown, values: Mapping[str, Decimal], steps: int) -> dict[str, str]:
    return {
        one: f"0 {held(value, steps)}" if subject.burst and "_expected_" not in one else held(value, steps + 1)
        for one, value in together(shown, values).items()
    }


def places(figure: Figure, who: str | None) -> list[tuple[str, Decimal]]:
    """Name of a case → a figure near the thresholds of the strategy."""
    warning, critical = figure.config.levels(who)
    if len(figure.severities) == 1:
        (severity,) = figure.severities
        level = warning if severity == "warning" else critical
        better, worse = (Decimal("1.001"), Decimal("0.5")) if figure.lower_is_worse else (Decimal("0.999"), Decimal("1.5"))
        return [
            ("says nothing just short of the threshold", level * better),
            ("fires at the threshold", level),
            ("fires beyond the threshold", level * worse),
        ]
    if not figure.lower_is_worse:
        return around(warning, critical)
    return [
        ("says nothing just above warning", warning * Decimal("1.001")),
        ("fires at warning", warning),
        ("fires between warning and critical", (warning + critical) / 2),
        ("fires warning alone just above critical", critical + (warning - critical) / 1000),
        ("fires both at critical", critical),
        ("fires both below critical", critical / 2),
    ]


def _harmless(figure: Figure, who: str) -> Decimal:
    return 2 * figure.config.levels(who).warning if figure.lower_is_worse else Decimal(0)


def _sort(figure: Figure) -> str:
    return ", ".join(figure.severities)


def _text(figure: Figure, value: Decimal) -> str:
    """The value as the figure's template writes it."""
    if figure.show is AS_DELAY:
        return human(float(value))
    return percent(value) if figure.show is AS_RATIO else plain(value)
