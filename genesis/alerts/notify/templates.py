"""What notifications say, as Alertmanager's templates: Go's `text/template`, with functions that Alertmanager 0.25 has.

Names of strategies, and all other text from engines, are escaped: in Slack they mention nobody and link nowhere, in e-mail they
are not HTML, and a line break in them becomes a space.
"""

from __future__ import annotations

from genesis.alerts.documents import HEADER

SHOWN = 8
"""How many alerts a notification lists; the others are only counted."""
DESCRIBED = 3
"""Up to this number of alerts come with their descriptions; of more, each is one line."""

# A template cannot be piped: the escapes for Slack and for the subject of a mail need their own copies of the templates.
# No line breaks, no other control characters, and no characters that change the direction of the text.
_PLAIN = r'reReplaceAll "[\\s\\pZ\\p{Cc}\\x{202A}-\\x{202E}\\x{2066}-\\x{2069}]+" " "'
_SLACK = _PLAIN + ' | reReplaceAll "&" "&amp;" | reReplaceAll "<" "&lt;" | reReplaceAll ">" "&gt;"'
# Alertmanager writes a subject on one line, in which a letter beyond ASCII takes up to 16 bytes. Mail servers refuse a line of
# more than 998, and Alertmanager 0.25 takes that for a delivery: of each text, what follows the 20th such letter is cut off.
_SUBJECT = _PLAIN + r' | reReplaceAll "^((?:[ -~]*[^ -~]){20}).+" "$1…"'


def templates() -> str:
    """The text of genesis.tmpl."""
    parts = (
        f"{{{{/*{HEADER.strip()[1:]} */}}}}\n",
        (_WORDS + _DESCRIPTION).replace("ESCAPED", _PLAIN),
        (_WORDS + _DESCRIPTION).replace("ESCAPED", _SLACK).replace('"genesis.', '"genesis.slack.'),
        _WORDS.replace("ESCAPED", _SUBJECT).replace('"genesis.', '"genesis.mail.'),
        _FACTS.replace("ESCAPED", _PLAIN),
        _TEXT,
        _SLACK_TEXT,
        _HTML,
    )
    return "".join(parts).replace("SHOWN", str(SHOWN)).replace("DESCRIBED", str(DESCRIBED))


_WORDS = r"""
{{/* The first line: state, urgency, what. */}}
{{ define "genesis.title" -}}
[{{ template "genesis.state" . }}] {{ template "genesis.what" . }}
{{- end }}

{{ define "genesis.state" -}}
{{ if eq .CommonLabels.test "true" }}TEST {{ end }}{{ .Status | toUpper }}
{{- if and .CommonLabels.severity (ne .CommonLabels.severity "none") }} {{ .CommonLabels.severity | ESCAPED }}{{ end }}
{{- end }}

{{ define "genesis.what" -}}
{{- $firing := len .Alerts.Firing }}{{ $resolved := len .Alerts.Resolved -}}
{{- if eq $firing 1 -}}
  {{ template "genesis.summary" index .Alerts.Firing 0 }}{{ if $resolved }} ({{ $resolved }} resolved){{ end }}
{{- else if and (eq $firing 0) (eq $resolved 1) -}}
  {{ template "genesis.subject" index .Alerts 0 }}
{{- else -}}
  {{ or .CommonLabels.alertname "Several alerts" | ESCAPED }}: {{ if $firing }}{{ $firing }} firing{{ end -}}
  {{ if and $firing $resolved }}, {{ end }}{{ if $resolved }}{{ $resolved }} resolved{{ end }}
{{- end -}}
{{- end }}

{{/* The summary of an alert; an alert of a foreign rule may have only labels. */}}
{{ define "genesis.summary" -}}
{{ if .Annotations.summary }}{{ .Annotations.summary | printf "%.300s" | ESCAPED }}
{{- else }}{{ template "genesis.subject" . }}{{ end }}
{{- end }}

{{/* A resolved alert by its labels: its summary is no longer true. */}}
{{ define "genesis.subject" -}}
{{ .Labels.alertname | ESCAPED }}{{ if .Labels.strategy }}: {{ .Labels.strategy | ESCAPED }}{{ end }}
{{- with (.Labels.Remove (stringSlice "alertname" "severity" "strategy" "instance" "job" "test")).Values -}}
  {{ if $.Labels.strategy }}, {{ else }}: {{ end }}{{ join ", " . | printf "%.200s" | ESCAPED }}
{{- end -}}
{{- end }}
"""

_DESCRIPTION = r"""
{{ define "genesis.description" -}}
{{ .Annotations.description | printf "%.1000s" | ESCAPED }}
{{- end }}

{{/* Of many alerts, the latest, unless it is listed: it is the news. */}}
{{ define "genesis.latest" -}}
{{- $last := 0 -}}
{{- range $index, $alert := . }}{{ if $alert.StartsAt.After (index $ $last).StartsAt }}{{ $last = $index }}{{ end }}{{ end -}}
{{- if not (lt $last SHOWN) }}The latest: {{ template "genesis.summary" index . $last }}
{{ end -}}
{{- end }}
"""

_FACTS = r"""
{{ define "genesis.since" }}since {{ .StartsAt.UTC.Format "2006-01-02 15:04:05 UTC" }}{{ end }}

{{/* Whole seconds: 1,000,000,000 ns. */}}
{{ define "genesis.lasted" -}}
from {{ .StartsAt.UTC.Format "2006-01-02 15:04:05" }} to {{ .EndsAt.UTC.Format "2006-01-02 15:04:05 UTC" -}}
, {{ (.EndsAt.Sub .StartsAt).Truncate 1000000000 }}
{{- end }}

{{ define "genesis.test" }}{{ if eq .CommonLabels.test "true" }}This is a test: nothing is wrong.{{ end }}{{ end }}

{{/* The most urgent of all, as PagerDuty names them. */}}
{{ define "genesis.severity" -}}
{{- $worst := "info" -}}
{{- range .Alerts -}}
  {{- if eq .Labels.severity "critical" }}{{ $worst = "critical" -}}
  {{- else if and (eq $worst "info") (not (match "^(info|none)$" .Labels.severity)) }}{{ $worst = "warning" }}{{ end -}}
{{- end -}}
{{- $worst -}}
{{- end }}

{{ define "genesis.strategy" }}{{ .CommonLabels.strategy | ESCAPED }}{{ end }}

{{/* Links. What concerns several strategies leads to the board of all. Signs that would end a link in Slack are left out. */}}
{{ define "genesis.runbook" }}{{ (index .Alerts 0).Annotations.runbook_url | reReplaceAll "[\\s<>|]" "" }}{{ end }}

{{ define "genesis.board" -}}
{{- if .CommonAnnotations.dashboard_url -}}
  {{ .CommonAnnotations.dashboard_url | reReplaceAll "[\\s<>|]" "" }}
{{- else -}}
  {{/* Several strategies have no board of one. */ -}}
  {{ $url := (index .Alerts 0).Annotations.dashboard_url | reReplaceAll "[\\s<>|]" "" -}}
  {{ $url | reReplaceAll "[?&]var-strategy=[^&]*" "" | reReplaceAll "/d/genesis-strategy\\b" "/d/genesis-portfolio" }}
{{- end -}}
{{- end }}

{{ define "genesis.alertmanager" }}{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}{{ end }}
"""

_TEXT = r"""
{{/* The alerts as plain text. */}}
{{ define "genesis.firing" -}}
{{- $all := .Alerts.Firing -}}
{{- range $index, $alert := $all }}{{ if lt $index SHOWN -}}
{{- if gt (len $all) 1 }}{{ template "genesis.summary" $alert }}, {{ template "genesis.since" $alert }}
{{ end -}}
{{- if and (le (len $all) DESCRIBED) $alert.Annotations.description }}{{ template "genesis.description" $alert }}
{{ end -}}
{{- if eq (len $all) 1 }}Firing {{ template "genesis.since" $alert }}
{{ end -}}
{{- end }}{{ end -}}
{{- if gt (len $all) SHOWN }}{{ template "genesis.latest" $all -}}
and {{ len (slice $all SHOWN) }} more: {{ template "genesis.alertmanager" . }}
{{ end -}}
{{- end }}

{{ define "genesis.resolved" -}}
{{- $all := .Alerts.Resolved -}}
{{- range $index, $alert := $all }}{{ if lt $index SHOWN -}}
{{- if gt (len $.Alerts) 1 }}{{ template "genesis.subject" $alert }}: fired {{ template "genesis.lasted" $alert }}
{{ else }}Fired {{ template "genesis.lasted" $alert }}
It said last: {{ template "genesis.summary" $alert }}
{{ end -}}
{{- end }}{{ end -}}
{{- if gt (len $all) SHOWN }}and {{ len (slice $all SHOWN) }} more
{{ end -}}
{{- end }}

{{/* PagerDuty's details. Alertmanager 0.30 and later read them as YAML, and take texts in what they find for templates: a text
that begins with a line of plain words is nothing but a text to them, whatever names come after it. */}}
{{ define "genesis.pagerduty.firing" -}}
{{ if .Alerts.Firing }}Firing at this time
{{ template "genesis.firing" . }}{{ end }}
{{- end }}

{{ define "genesis.pagerduty.resolved" -}}
{{ if .Alerts.Resolved }}Resolved by now
{{ template "genesis.resolved" . }}{{ end }}
{{- end }}

{{ define "genesis.text" -}}
{{ template "genesis.title" . }}

{{ if eq .CommonLabels.test "true" }}{{ template "genesis.test" . }}

{{ end }}
{{- template "genesis.firing" . }}
{{- if and .Alerts.Firing .Alerts.Resolved }}
Resolved:
{{ end }}
{{- template "genesis.resolved" . }}
{{ if (index .Alerts 0).Annotations.runbook_url }}Runbook: {{ template "genesis.runbook" . }}
{{ end -}}
{{ if (index .Alerts 0).Annotations.dashboard_url }}Board: {{ template "genesis.board" . }}
{{ end -}}
Alertmanager: {{ template "genesis.alertmanager" . }}
{{ end }}
"""

_SLACK_TEXT = r"""
{{/* Slack. In an address, the signs that would end it are left out. */}}
{{ define "genesis.slack.color" -}}
{{ if eq .Status "resolved" }}good
{{- else if eq .CommonLabels.severity "critical" }}danger
{{- else if eq .CommonLabels.severity "warning" }}warning{{ end }}
{{- end }}

{{ define "genesis.slack.link" -}}
{{ if .Annotations.dashboard_url -}}
<{{ .Annotations.dashboard_url | reReplaceAll "[\\s<>|]" "" }}|{{ template "genesis.slack.summary" . }}>
{{- else }}{{ template "genesis.slack.summary" . }}{{ end }}
{{- end }}

{{ define "genesis.slack.text" -}}
{{- $firing := .Alerts.Firing }}{{ $resolved := .Alerts.Resolved -}}
{{- if eq .CommonLabels.test "true" }}{{ template "genesis.test" . }}
{{ end -}}
{{- range $index, $alert := $firing }}{{ if lt $index SHOWN -}}
{{- if gt (len $firing) 1 }}{{ template "genesis.slack.link" $alert }}, {{ template "genesis.since" $alert }}
{{ end -}}
{{- if and (le (len $firing) DESCRIBED) $alert.Annotations.description }}{{ template "genesis.slack.description" $alert }}
{{ end -}}
{{- if eq (len $firing) 1 }}Firing {{ template "genesis.since" $alert }}
{{ end -}}
{{- end }}{{ end -}}
{{- if gt (len $firing) SHOWN }}{{ template "genesis.slack.latest" $firing -}}
and <{{ template "genesis.alertmanager" . }}|{{ len (slice $firing SHOWN) }} more>
{{ end -}}
{{- if and $firing $resolved }}Resolved:
{{ end -}}
{{- range $index, $alert := $resolved }}{{ if lt $index SHOWN -}}
{{- if gt (len $.Alerts) 1 }}{{ template "genesis.slack.subject" $alert }}: fired {{ template "genesis.lasted" $alert }}
{{ else }}Fired {{ template "genesis.lasted" $alert }}
It said last: {{ template "genesis.slack.summary" $alert }}
{{ end -}}
{{- end }}{{ end -}}
{{- if gt (len $resolved) SHOWN }}and {{ len (slice $resolved SHOWN) }} more
{{ end -}}
{{- if (index .Alerts 0).Annotations.runbook_url }}<{{ template "genesis.runbook" . }}|Runbook> · {{ end -}}
{{- if (index .Alerts 0).Annotations.dashboard_url }}<{{ template "genesis.board" . }}|Board> · {{ end -}}
<{{ template "genesis.alertmanager" . }}|Alertmanager>
{{- end }}
"""

_HTML = r"""
{{/* HTML, for e-mail; it escapes all values. */}}
{{ define "genesis.html" -}}
{{- $firing := .Alerts.Firing }}{{ $resolved := .Alerts.Resolved -}}
<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
<body style="font-family: sans-serif">
<h3>{{ template "genesis.title" . }}</h3>
{{- if eq .CommonLabels.test "true" }}
<p>{{ template "genesis.test" . }}</p>
{{- end }}
{{- range $index, $alert := $firing }}{{ if lt $index SHOWN }}
<p>
{{- if gt (len $firing) 1 }}
{{ if $alert.Annotations.dashboard_url -}}
<a href="{{ $alert.Annotations.dashboard_url }}">{{ template "genesis.summary" $alert }}</a>
{{- else }}{{ template "genesis.summary" $alert }}{{ end }},
{{ template "genesis.since" $alert }}<br>
{{- end }}
{{- if and (le (len $firing) DESCRIBED) $alert.Annotations.description }}
{{ template "genesis.description" $alert }}<br>
{{- end }}
{{- if eq (len $firing) 1 }}
Firing {{ template "genesis.since" $alert }}
{{- end }}
</p>
{{- end }}{{ end }}
{{- if gt (len $firing) SHOWN }}
<p>{{ template "genesis.latest" $firing }}
and <a href="{{ template "genesis.alertmanager" . }}">{{ len (slice $firing SHOWN) }} more</a></p>
{{- end }}
{{- if and $firing $resolved }}
<p>Resolved:</p>
{{- end }}
{{- range $index, $alert := $resolved }}{{ if lt $index SHOWN }}
<p>
{{- if gt (len $.Alerts) 1 }}
{{ template "genesis.subject" $alert }}: fired {{ template "genesis.lasted" $alert }}
{{- else }}
Fired {{ template "genesis.lasted" $alert }}<br>
It said last: {{ template "genesis.summary" $alert }}
{{- end }}
</p>
{{- end }}{{ end }}
{{- if gt (len $resolved) SHOWN }}
<p>and {{ len (slice $resolved SHOWN) }} more</p>
{{- end }}
<p>
{{- if (index .Alerts 0).Annotations.runbook_url }}
<a href="{{ template "genesis.runbook" . }}">Runbook</a> ·
{{- end }}
{{- if (index .Alerts 0).Annotations.dashboard_url }}
<a href="{{ template "genesis.board" . }}">Board</a> ·
{{- end }}
<a href="{{ template "genesis.alertmanager" . }}">Alertmanager</a>
</p>
</body>
</html>
{{ end }}
"""
