"""How a receiver is notified: Alertmanager's integrations. Their texts are in the templates."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from genesis.alerts.notify.receiver_settings import Email, PagerDuty, Receiver, Slack, Webhook


def receiver_tree(name: str, receiver: Receiver, sink_url: str | None = None, *, ends: bool = True) -> dict[str, Any]:
    """One entry of `receivers` in alertmanager.yml; with `sink_url`, a webhook to `{sink_url}/{name}` in place of all else.

    `ends`: whether the receiver is told that an alert is over.
    """
    integrations = _sink(sink_url, name) if sink_url else _integrations(receiver)
    if not ends:
        integrations = {kind: [{**one, "send_resolved": False} for one in found] for kind, found in integrations.items()}
    return {"name": name, **integrations}


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
    if receiver.email is not None:
        found["email_configs"] = [_email(receiver.email)]
    return found


def _slack(slack: Slack) -> dict[str, Any]:
    return {
        "api_url_file": str(slack.api_url_file),
        **({"channel": slack.channel} if slack.channel is not None else {}),
        "send_resolved": True,
        "username": "Genesis",
        "color": _said("genesis.slack.color"),
        "title": _said("genesis.slack.title"),
        "title_link": _said("genesis.board"),
        "text": _said("genesis.slack.text"),
        "fallback": _said("genesis.slack.title"),
    }


def _pagerduty(pagerduty: PagerDuty) -> dict[str, Any]:
    return {
        "routing_key_file": str(pagerduty.routing_key_file),
        "send_resolved": True,
        "client": "Genesis",
        "client_url": _said("genesis.board"),
        "description": _said("genesis.title"),
        "severity": _said("genesis.severity"),
        "class": "{{ .CommonLabels.alertname }}",
        "component": _said("genesis.strategy"),
        "details": {"firing": _said("genesis.pagerduty.firing"), "resolved": _said("genesis.pagerduty.resolved")},
        "links": [
            {"href": _said("genesis.runbook"), "text": "Runbook"},
            {"href": _said("genesis.board"), "text": "Board"},
            {"href": _said("genesis.alertmanager"), "text": "Alertmanager"},
        ],
    }


def _webhook(webhook: Webhook) -> dict[str, Any]:
    found: dict[str, Any] = {"url": webhook.url, "send_resolved": True}
    if webhook.credentials_file is not None:
        found["http_config"] = {"authorization": {"type": "Bearer", "credentials_file": str(webhook.credentials_file)}}
    elif webhook.username is not None:
        found["http_config"] = {
            "basic_auth": {"username": webhook.username, "password_file": str(webhook.password_file)},
        }
    return found


def _email(email: Email) -> dict[str, Any]:
    login = {"auth_username": email.username, "auth_password_file": str(email.password_file)} if email.username else {}
    return {
        "to": ", ".join(email.to),
        "from": email.sender,
        "smarthost": email.smarthost,
        **({"hello": email.hello} if email.hello is not None else {}),
        **login,
        "require_tls": email.require_tls,
        "send_resolved": True,
        "headers": {"Subject": _said("genesis.mail.title")},
        "text": _said("genesis.text"),
        "html": _said("genesis.html"),
    }


def _said(template: str) -> str:
    return f'{{{{ template "{template}" . }}}}'
