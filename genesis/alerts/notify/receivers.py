"""How a receiver is notified: Alertmanager's integrations. Their texts are in the templates."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from genesis.alerts.notify.receiver_settings import Email, PagerDuty, Receiver, Slack, Webhook


def receiver_tree(name: str, receiver: Receiver, sink_url: str | None = None, *, ends: bool = True) -> dict[str, Any]:
    """One entry of `receivers` in alertmanager.yml; with `sink_url`, a webhook to `{sink_url}/{name}` in place of all else.

    `ends`: whether the receiver is notified of the end of an alert.
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
        "color": _template("genesis.slack.color"),
        "title": _template("genesis.slack.title"),
        "title_link": _template("genesis.board"),
        "text": _template("genesis.slack.text"),
        "fallback": _template("genesis.slack.title"),
    }


def _pagerduty(pagerduty: PagerDuty) -> dict[str, Any]:
    return {
        "routing_key_file": str(pagerduty.routing_key_file),
        "send_resolved": True,
        "client": "Genesis",
        "client_url": _template("genesis.board"),
        "description": _template("genesis.title"),
        "severity": _template("genesis.severity"),
        "class": "{{ .CommonLabels.alertname }}",
        "component": _template("genesis.strategy"),
        "details": {"firing": _template("genesis.pagerduty.firing"), "resolved": _template("genesis.pagerduty.resolved")},
        "links": [
            {"href": _template("genesis.runbook"), "text": "Runbook"},
            {"href": _template("genesis.board"), "text": "Board"},
            {"href": _template("genesis.alertmanager"), "text": "Alertmanager"},
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
        "headers": {"Subject": _template("genesis.mail.title")},
        "text": _template("genesis.text"),
        "html": _template("genesis.html"),
    }


def _template(template: str) -> str:
    return f'{{{{ template "{template}" . }}}}'
