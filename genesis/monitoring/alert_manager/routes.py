"""`AlertSettings` → Alertmanager's configuration: who is told, and what mutes what."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from genesis.core.alert_config import AlertSettings
from genesis.core.duration import duration_text
from genesis.core.notification_config import Delivery, PagerDuty, Receiver, Slack, Webhook
from genesis.monitoring.alert_manager.alerts import ALERTS
from genesis.monitoring.alert_manager.documents import document

# The name of a strategy comes from outside, and <!channel> in it would wake everybody: Slack wants these three escaped.
_SLACK_SAFE = ' | reReplaceAll "&" "&amp;" | reReplaceAll "<" "&lt;" | reReplaceAll ">" "&gt;"'
_SLACK_TITLE = (
    '[{{ .Status | toUpper }}{{ if eq .Status "firing" }} {{ .CommonLabels.severity }}{{ end }}] {{ .CommonLabels.alertname }}'
)
_SLACK_TEXT = (
    "{{ range .Alerts }}*{{ .Annotations.summary" + _SLACK_SAFE + " }}*\n"
    "{{ .Annotations.description" + _SLACK_SAFE + " }}\n"
    "<{{ .Annotations.runbook_url }}|Runbook> · <{{ .Annotations.dashboard_url }}|Board>\n"
    "{{ end }}"
)
_FIRST = "{{ (index .Alerts 0).Annotations.%s }}"


def alertmanager_config(alerts: AlertSettings, sink_url: str | None = None) -> str:
    """The text of alertmanager.yml.

    With `sink_url`, the routes stay as they are, and every receiver becomes a webhook to `{sink_url}/{receiver name}`.
    """
    return document(
        {
            "route": _route(alerts),
            "inhibit_rules": _inhibit_rules(),
            "receivers": [
                {"name": name, **(_sink(sink_url, name) if sink_url else _integrations(receiver))}
                for name, receiver in alerts.receivers.items()
            ],
        }
    )


def _route(alerts: AlertSettings) -> dict[str, Any]:
    # By strategy, so that a second strategy's page goes out at once instead of waiting for the group of the first. Alerts
    # without a strategy are grouped by name: a dead feed is one notification, however many symbols it had.
    heartbeat = alerts.alerts.watchdog
    return {
        **_delivery(alerts.default_route),
        "group_by": ["alertname", "strategy"],
        "group_interval": duration_text(alerts.group_interval),
        "routes": [
            {
                "matchers": [_matcher("alertname", "Watchdog")],
                **_timed(heartbeat.receiver, timedelta(0), heartbeat.repeat_interval),
            },
            *(
                {"matchers": [_matcher(label, value) for label, value in route.match.items()], **_delivery(route)}
                for route in alerts.routes
            ),
        ],
    }


def _inhibit_rules() -> list[dict[str, Any]]:
    """What mutes what.

    A stale feed mutes nothing: a loss is no less real because its newest price is old.
    """
    figures = [_one_of("alertname", (name for name, alert in ALERTS.items() if alert.groups))]
    return [
        # symbol, kind and period too, or one symbol's critical staleness would mute another's warning.
        {
            "source_matchers": [_matcher("severity", "critical")],
            "target_matchers": [_matcher("severity", "warning")],
            "equal": ["alertname", "instance", "strategy", "symbol", "kind", "period"],
        },
        # A monitor that is down, or tells nothing, ends its alerts: that end is no recovery, and nobody is told of one.
        {"source_matchers": [_matcher("alertname", "MonitorDown")], "target_matchers": figures, "equal": ["instance"]},
        # Without an instance, MonitorDown says that Prometheus knows of no monitor at all.
        {"source_matchers": [_matcher("alertname", "MonitorDown"), _matcher("instance", "")], "target_matchers": figures},
        # The same for one group of figures, and only for the alerts that stand on it.
        *(
            {
                "source_matchers": [_matcher("alertname", "CollectorFailing"), _one_of("group", alert.groups)],
                "target_matchers": [_matcher("alertname", name)],
                "equal": ["instance"],
            }
            for name, alert in ALERTS.items()
            if alert.groups
        ),
    ]


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return _timed(delivery.receiver, delivery.group_wait, delivery.repeat_interval)


def _timed(receiver: str, group_wait: timedelta, repeat_interval: timedelta) -> dict[str, Any]:
    return {
        "receiver": receiver,
        "group_wait": duration_text(group_wait),
        "repeat_interval": duration_text(repeat_interval),
    }


def _matcher(label: str, value: str) -> str:
    # Alertmanager's own escapes; it knows no others.
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{label}="{escaped}"'


def _one_of(label: str, values: Iterable[str]) -> str:
    """A matcher for words of letters alone."""
    return f'{label}=~"{"|".join(values)}"'


def _sink(url: str, receiver: str) -> dict[str, Any]:
    return {"webhook_configs": [{"url": f"{url}/{quote(receiver, safe='')}", "send_resolved": True}]}


def _integrations(receiver: Receiver) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if receiver.slack is not None:
        found["slack_configs"] = [_slack(receiver.slack)]
    if receiver.pagerduty is not None:
        found["pagerduty_configs"] = [_pagerduty(receiver.pagerduty)]
    if receiver.webhook is not None:
        found["webhook_configs"] = [_webhook(receiver.webhook)]
    return found


def _slack(slack: Slack) -> dict[str, Any]:
    return {
        "api_url_file": str(slack.api_url_file),
        **({"channel": slack.channel} if slack.channel is not None else {}),
        "send_resolved": True,
        "title": _SLACK_TITLE,
        "title_link": _FIRST % "dashboard_url",
        "text": _SLACK_TEXT,
        "fallback": _SLACK_TITLE,
    }


def _pagerduty(pagerduty: PagerDuty) -> dict[str, Any]:
    return {
        "routing_key_file": str(pagerduty.routing_key_file),
        "send_resolved": True,
        "description": _FIRST % "summary",
        "severity": '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}warning{{ end }}',
        "class": "{{ .CommonLabels.alertname }}",
        "component": "{{ .CommonLabels.strategy }}",
        "links": [
            {"href": _FIRST % "runbook_url", "text": "Runbook"},
            {"href": _FIRST % "dashboard_url", "text": "Board"},
        ],
    }


def _webhook(webhook: Webhook) -> dict[str, Any]:
    found: dict[str, Any] = {"url": webhook.url, "send_resolved": True}
    if webhook.credentials_file is not None:
        found["http_config"] = {
            "authorization": {"type": "Bearer", "credentials_file": str(webhook.credentials_file)},
        }
    return found
