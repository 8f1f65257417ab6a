"""One strategy in one decision: what is known of it, and what becomes of it. Mutable, and gone with the decision."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from msgspec.structs import replace

from genesis.core.allocation import Action, Share
from genesis.core.models import StrategyState
from genesis.rotation.decision import ActiveRule, Reason, Step, Track
from genesis.rotation.observation import Pin, Seen
from genesis.rotation.policy import rules
from genesis.rotation.policy.weights import ZERO
from genesis.settings.rotation import RotationSettings

TRADING = frozenset({StrategyState.ACTIVE, StrategyState.REDUCED})


class Candidate:
    """A strategy, from what it has (`track.share`) to what it is to have (`state`, `weight`)."""

    def __init__(
        self, name: str, track: Track, clock: float, *, seen: Seen | None, pin: Pin | None, score: float | None
    ) -> None:
        self.name = name
        self.track = track
        self.clock = clock
        self.seen = seen
        self.pin = pin
        self.score = score
        self.state = track.share.state
        self.weight = track.share.weight
        self.target: Decimal | None = None
        self.most: Decimal | None = None
        """The most that it may be raised to: what it would have if no pair that is not known ran together."""
        self.rules: dict[str, ActiveRule] = track.rules
        self.blind: tuple[str, ...] = ()
        """Signals of rules that are not known."""
        self.unknown: tuple[str, ...] = ()
        """Signals that are wanted and not known: of rules, and of the score where it takes part."""
        self.alone = False
        """Whether it lacks a signal of a rule that others have: then it is the strategy that is not known."""
        self.known = track.known
        self.raised = track.raised
        self.lowered = track.lowered
        self.paused = track.paused
        self.barred = track.barred
        self.clear_since = track.clear_since
        self.probation_until = track.probation_until
        self.limited = False
        """Whether a limit of the account keeps it from capital."""
        self.reasons: list[Reason] = []

    @property
    def takes_part(self) -> bool:
        """Whether scores decide what it has."""
        return self.pin is None and self.state in TRADING and not self.limited

    @property
    def is_new(self) -> bool:
        """Whether it has no capital and never had a score: it cannot trade, so it will never have one by itself."""
        return not self.track.scored and self.score is None and self.track.share.weight == ZERO and self.paused is None

    @property
    def on_probation(self) -> bool:
        return self.probation_until is not None and self.clock < self.probation_until

    def because(self, code: str, text: str = "") -> None:
        """Give a reason; the first one counts most."""
        self.reasons.append(Reason(code, text))

    def watch(self, settings: RotationSettings, elapsed: float, untold: Collection[str] | None) -> None:
        """Bring rules, and what is known, up to date.

        Args:
            settings: signals and rules.
            elapsed: seconds since the decision before.
            untold: signals that nobody has; None: nothing can be said of the account either.
        """
        wanted = [rule.signal for rule in settings.rules.values()]
        scored = [term.signal for term in settings.score] if self.state in TRADING else []
        self.blind = self._missing(wanted)
        self.unknown = self._missing([*wanted, *scored])
        self.alone = untold is not None and not set(self.blind) <= set(untold)
        if not self.blind:
            self.known = self.clock
        elif self.known is not None and not self.alone:
            self.known += elapsed
        if self.pin is None:
            cooldown = settings.resume.cooldown.total_seconds()
            self.rules = rules.holdings(settings.rules, self.track, self.seen, self.clock, cooldown)

    def _missing(self, signals: Iterable[str]) -> tuple[str, ...]:
        if self.seen is None or not self.seen.fresh:
            return rules.missing(signals, None) or ("everything",)
        return rules.missing(signals, self.seen)

    def take(self, weight: Decimal) -> None:
        """Lower the weight at once, if it is more than this."""
        if weight < self.weight:
            self.weight, self.lowered = weight, self.clock

    def pause(self, *reasons: Reason) -> None:
        """Take everything at once. One that is stopped stays so, unless by a pin that is gone."""
        if self.state is not StrategyState.PAUSED:
            self.paused = self.clock
        if self.state is not StrategyState.STOPPED or (self.track.pinned and self.pin is None):
            self.state = StrategyState.PAUSED
        self.clear_since = self.probation_until = None
        self.take(ZERO)
        self.reasons += reasons

    def step(self, *, blocked: bool) -> Step:
        """What the decision does to it; a strategy of which nothing else was said is held."""
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

    def remembered(self, *, halted: bool) -> Track:
        """For the next decision. A halt keeps what the strategy has; what is seen meanwhile counts."""
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
"""Everything else ends in PAUSED."""
