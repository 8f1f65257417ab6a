"""What suppresses an alert: by Alertmanager's status where it has the alert, by the silences alone where it has not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from genesis.alerts.live.states import States
from genesis.alerts.live.suppression import Cover, covers, suppressions
from genesis.clients.alertmanager import AlertStatus, ManagedAlert, Matcher, Silence, SilenceState

NOON = datetime(2026, 2, 2, 12, tzinfo=UTC)
NIGHT = datetime(2026, 2, 2, 23, tzinfo=UTC)
ACTIVE = AlertStatus("active")


def silence(*matchers: Matcher, key: str = "s1", state: str = "active") -> Silence:
    return Silence(key, SilenceState(state), list(matchers), NOON, NIGHT, "desk", "why")


def managed(labels: Mapping[str, str], status: AlertStatus = ACTIVE, fingerprint: str = "f") -> ManagedAlert:
    return ManagedAlert(dict(labels), {}, NOON, NIGHT, fingerprint, status, [])


def test_the_status_names_silences_and_muting_alerts() -> None:
    down = managed({"alertname": "MonitorDown", "severity": "critical"}, fingerprint="a1")
    status = AlertStatus("suppressed", silenced_by=["s1", "s2"], inhibited_by=["a1", "a2"])
    assert suppressions(managed({"alertname": "A"}, status), [silence()], [down]) == [
        "silenced until 2026-02-02 23:00 UTC by desk: why (silence s1)",
        "silenced (silence s2)",
        "muted by MonitorDown (severity=critical)",
        "muted by an alert that has ended since",
    ]
    assert suppressions(managed({"alertname": "A"}), [silence()], [down]) == []


def test_a_silence_matches_all_of_an_alert_or_a_part_of_it() -> None:
    alert = Matcher("alertname", "A")
    cases = {
        "its name": (silence(alert), Cover.ALL),
        "a pattern": (silence(Matcher("alertname", "A|B", is_regex=True)), Cover.ALL),
        "another name": (silence(Matcher("alertname", "B")), Cover.NONE),
        "not another name": (silence(Matcher("alertname", "B", is_equal=False)), Cover.ALL),
        "a label that is not known": (silence(alert, Matcher("symbol", "BTC")), Cover.PART),
        "not active yet": (silence(alert, state="pending"), Cover.NONE),
    }
    for name, (found, cover) in cases.items():
        assert covers(found, {"alertname": "A", "severity": "critical"}) is cover, name


def test_an_alert_in_alertmanager_has_the_state_that_alertmanager_reports() -> None:
    labels = {"alertname": "A", "severity": "warning"}
    every = silence(Matcher("alertname", "A"))
    silenced, muted = AlertStatus("suppressed", silenced_by=["s1"]), AlertStatus("suppressed", inhibited_by=["f"])
    cases = {
        "not there, and nothing matches": ([], [], "-"),
        "not there, and a silence matches": ([], [every], "silenced"),
        "there and silenced": ([silenced], [every], "silenced"),
        "there and active, whatever silences seem to match": ([ACTIVE], [every], "-"),
        "there and muted": ([muted], [], "muted"),
        "two there, both silenced": ([silenced, silenced], [every], "2 silenced"),
    }
    for name, (statuses, silences, text) in cases.items():
        found = States([], [managed(labels, one) for one in statuses], silences)
        assert found.text("A", "warning") == text, name
