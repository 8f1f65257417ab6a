"""One strategy within one decision: what is known of it, and its new state and weight. Mutable; it lives for one decision."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from msgspec.structs import replace

from genesis.core.allocation import Action, Share
from genesis.core.models import StrategyState
from genesis.rotation.decision import ActiveRule, Reason, Step, Track
from genesis.rotation.observation import Pin, StrategyReading
from genesis.rotation.policy import rules
from genesis.rotation.policy.weights import ZERO
from genesis.settings.rotation import RotationSettings

TRADING = frozenset({StrategyState.ACTIVE, StrategyState.REDUCED})


class Candidate:
    """A strategy, from its current share (`track.share`) to its new one (`state`, `weight`)."""

    def __init__(
        self, name: str, track: Track, clock: float, *, reading: StrategyReading | None, pin: Pin | None, score: float | None
    ) -> None:
        self.name = name
        self.track = track
        self.clock = clock
        self.reading = reading
        self.pin = pin
        self.score = score
        self.state = track.share.state
        self.weight = track.share.weight
        self.target: Decimal | None = None
        self.most: Decimal | None = None
        """The highest weight that it may be raised to: its target if all unknown correlations were 0."""
        self.rules: dict[str, ActiveRule] = track.rules
        self.unknown_rule_signals: tuple[str, ...] = ()
        """Signals of rules that are not known."""
        self.unknown_signals: tuple[str, ...] = ()
        """Signals that are needed and not known: those of rules, and those of the score while it trades."""
        self.lacks_alone = False
        """Whether it lacks a rule's signal that other strategies have: then the strategy is at fault, not the expression."""
        self.known = track.known
        self.raised = track.raised
        self.lowered = track.lowered
        self.paused = track.paused
        self.barred = track.barred
        self.clear_since = track.clear_since
        self.probation_until = track.probation_until
        self.limited = False
        """Whether a limit of the account keeps it without capital."""
        self.reasons: list[Reason] = []

    @property
    def takes_part(self) -> bool:
        """Whether scores decide its weight."""
        return self.pin is None and self.state in TRADING and not self.limited

    @property
    def is_new(self) -> bool:
        """Whether it has no capital and never had a score: without capital it does not trade, so it cannot earn a score."""
        return not self.track.scored and self.score is None and self.track.share.weight == ZERO and self.paused is None

    @property
    def on_probation(self) -> bool:
        return self.probation_until is not None and self.clock < self.probation_until

    def because(self, code: str, text: str = "") -> None:
        """Add a reason; the first one is the main reason."""
        self.reasons.append(Reason(code, text))

    def watch(self, settings: RotationSettings, elapsed: float, missing_everywhere: Collection[str] | None) -> None:
        """Update the active rules, and which signals are known.

        Args:
            settings: signals and rules.
            elapsed: seconds since the previous decision.
            missing_everywhere: signals that every strategy lacks; None if the data of the account are incomplete.
        """
        rule_signals = [rule.signal for rule in settings.rules.values()]
        score_signals = [term.signal for term in settings.score] if self.state in TRADING else []
        self.unknown_rule_signals = self._missing(rule_signals)
        self.unknown_signals = self._missing([*rule_signals, *score_signals])
        self.lacks_alone = missing_everywhere is not None and not set(self.unknown_rule_signals) <= set(missing_everywhere)
        if not self.unknown_rule_signals:
            self.known = self.clock
        elif self.known is not None and not self.lacks_alone:
            self.known += elapsed
        if self.pin is None:
            cooldown = settings.resume.cooldown.total_seconds()
            self.rules = rules.active_rules(settings.rules, self.track, self.reading, self.clock, cooldown)

    def _missing(self, signals: Iterable[str]) -> tuple[str, ...]:
        if self.reading is None or not self.reading.fresh:
            return rules.missing(signals, None) or ("everything",)
        return rules.missing(signals, self.reading)

    def lower_to(self, weight: Decimal) -> None:
        """Lower the weight at once, if it is above `weight`."""
        if weight < self.weight:
            self.weight, self.lowered = weight, self.clock

    def pause(self, *reasons: Reason) -> None:
        """Take all capital at once. A stopped strategy stays stopped, unless a pin that was removed had stopped it."""
        if self.state is not StrategyState.PAUSED:
            self.paused = self.clock
        if self.state is not StrategyState.STOPPED or (self.track.pinned and self.pin is None):
            self.state = StrategyState.PAUSED
        self.clear_since = self.probation_until = None
        self.lower_to(ZERO)
        self.reasons += reasons

    def step(self, *, blocked: bool) -> Step:
        """The change that the decision makes; without any reason so far, the strategy is held."""
        after = Share(self.weight, self.state)
        if not self.reasons:
            self.because("blocked" if blocked else "settled")
        return Step(
            action=self._action(after),
            before=self.track.share,
            after=after,
            reasons=tuple(self.reasons),
            score=self.score,
            target=self.target,
        )

    def next_track(self, *, halted: bool) -> Track:
        """The memory for the next decision. A halt keeps the share, but still records which signals are known."""
        if halted:
            scored = self.track.scored or self.score is not None
            return replace(self.track, known=self.known, scored=scored, clear_since=None, rules=self.rules)
        changed = self.state is not self.track.share.state
        return replace(
            self.track,
            share=Share(self.weight, self.state),
            known=self.known,
            scored=self.track.scored or self.score is not None,
            state_since=self.clock if changed else self.track.state_since,
            raised=self.raised,
            lowered=self.lowered,
            paused=self.paused,
            barred=self.barred,
            clear_since=self.clear_since,
            probation_until=self.probation_until,
            rules=self.rules,
            pinned=self.pin is not None,
        )

    def _action(self, after: Share) -> Action:
        before = self.track.share
        if after == before:
            return Action.HOLD
        if self.pin is not None and not self.limited:
            return Action.PIN
        if after.state is not before.state:
            return _CHANGES.get((before.state, after.state), Action.PAUSE)
        return Action.RAISE if after.weight > before.weight else Action.LOWER


_CHANGES = {
    (StrategyState.ACTIVE, StrategyState.REDUCED): Action.REDUCE,
    (StrategyState.REDUCED, StrategyState.ACTIVE): Action.RESTORE,
    (StrategyState.PAUSED, StrategyState.REDUCED): Action.RESUME,
}
"""Every other change of state ends in PAUSED."""
