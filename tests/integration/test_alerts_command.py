"""`genesis alerts ...` with the real Prometheus and Alertmanager; a stand-in has the figures and takes the notifications."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from aiohttp import web

from genesis import programs
from genesis.alerts.documents import document
from genesis.cli import main
from genesis.clients.alertmanager import Alertmanager, Posted
from genesis.configuration import load_settings
from genesis.stack.native import ANY_PORTS, NativeStack
from tests.integration.ports import own_port
from tests.integration.waiting import SOON, until

pytestmark = pytest.mark.real_time

ROOT = Path(__file__).parents[2]
FIGURES = """
genesis_collector_success{group="accounts"} 1
genesis_strategy_configured{strategy="multi_pair"} 1
genesis_strategy_configured{strategy="live \\"only\\""} 0
genesis_strategy_drawdown_ratio{strategy="multi_pair"} 0.07
genesis_strategy_drawdown_ratio{strategy="spread_capture"} 0.01
genesis_portfolio_daily_loss_used_ratio 0.25
genesis_strategy_undefined_info{strategy="mean_reversion",figure="win_rate",reason="no_round_trips"} 1
genesis_strategy_window_trades{strategy="multi_pair",window="1h"} 4
genesis_strategy_correlation{strategy="mean_reversion",other="multi_pair",estimator="pearson"} 0.4
genesis_strategy_correlation{strategy="mean_reversion",other="spread_capture",estimator="pearson"} 0.9
genesis_mark_timestamp_seconds{symbol="BTCUSDT"} 0
genesis_strategy_position_quantity{strategy="multi_pair",symbol="BTCUSDT"} 0
genesis_strategy_beta{strategy="multi_pair"} 0.1
genesis_strategy_beta_standard_error{strategy="multi_pair"} 0.05
"""


class Here(NamedTuple):
    """Where everything is, and what was notified: receiver and body."""

    config: Path
    prometheus: str
    alertmanager: str
    notified: list[tuple[str, Any]]

    def both(self) -> list[str]:
        return [*self.one(), "--prometheus", self.prometheus]

    def one(self) -> list[str]:
        return ["--config", str(self.config), "--alertmanager", self.alertmanager]


def configured(folder: Path) -> Path:
    """The repository's configuration, with a team whose receiver is broken, and one that is told at no hour of this week."""
    shutil.copytree(ROOT / "config", folder / "config")
    path = folder / "config" / "alerts.yaml"
    tree = yaml.safe_load(path.read_text())
    tree["receivers"] |= {"broken": {}, "closed": {}}
    tree["teams"] = {"statistical_arb": "broken"}
    yesterday = (datetime.now(UTC) - timedelta(days=2)).strftime("%A").lower()
    tree["hours"]["past"] = {"days": [yesterday], "from": "10:00", "to": "11:00", "time_zone": "UTC"}
    tree["routes"][1] |= {"group_wait": "0s"}
    closed = {"match": {"alertname": "EventsRejected", "severity": "warning"}, "receiver": "closed", "active": "past"}
    tree["routes"].insert(0, {**closed, "group_wait": "0s", "repeat_interval": "1h"})
    path.write_text(yaml.safe_dump(tree))
    return folder / "config"


def stand_in(notified: list[tuple[str, Any]]) -> web.Application:
    async def figures(_: web.Request) -> web.Response:
        return web.Response(text=FIGURES)

    async def notification(request: web.Request) -> web.Response:
        receiver = request.match_info["receiver"]
        if receiver == "broken":
            return web.Response(status=500)
        notified.append((receiver, await request.json()))
        return web.Response()

    app = web.Application()
    app.router.add_get("/metrics", figures)
    app.router.add_post("/{receiver}", notification)
    return app


async def serve(folder: Path, ready: Future[Here], stop: asyncio.Event) -> None:
    notified: list[tuple[str, Any]] = []
    runner = web.AppRunner(stand_in(notified), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"127.0.0.1:{runner.addresses[0][1]}"
    config = configured(folder)
    try:
        async with NativeStack(
            load_settings(config),
            data=folder,
            monitor=address,
            sink_url=f"http://{address}",
            environ=os.environ,
            ports=ANY_PORTS,
        ) as stack:
            await stack.scraping()
            await until(lambda: any(body["commonLabels"].get("alertname") == "StrategyDrawdown" for _, body in notified))
            prometheus, alertmanager = (str(stack.url(one)) for one in (programs.PROMETHEUS, programs.ALERTMANAGER))
            ready.set_result(Here(config, prometheus, alertmanager, notified))
            await stop.wait()
    finally:
        await runner.cleanup()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """One stack for all tests, in a thread: the commands have loops of their own."""
    ready: Future[Here] = Future()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        try:
            loop.run_until_complete(serve(tmp_path_factory.mktemp("stack"), ready, stop))
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield ready.result(timeout=2 * SOON)
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)
        thread.join()


@pytest.fixture
def run(here: Here, capsys: pytest.CaptureFixture[str]) -> Any:
    """Run one command with both servers: its exit code, and what it says."""

    def command(verb: str, *arguments: str, servers: bool = True, here: Here = here) -> tuple[int, str]:
        both = here.one() if verb in {"silences", "unsilence"} else here.both()
        code = main(["alerts", verb, *arguments, *(both if servers else ["--config", str(here.config)])])
        told = capsys.readouterr()
        return code, told.out + told.err

    return command


def row(text: str, alert: str, severity: str) -> str:
    return next(line for line in text.splitlines() if line.split()[:2] == [alert, severity])


def test_the_list_has_thresholds_receivers_and_states(run: Any) -> None:
    code, told = run("list")
    assert code == 0
    assert re.search(r"firing +desk +0s +>= 5% \(\+1\)$", row(told, "StrategyDrawdown", "warning"))
    assert re.search(r"- +page +0s +>= 10% \(\+1\)$", row(told, "StrategyDrawdown", "critical"))
    assert "note:" not in told
    assert "FAULT:" not in told


def test_rules_that_prometheus_does_not_run_as_the_files_have_them_are_told(here: Here, run: Any, tmp_path: Path) -> None:
    shutil.copytree(here.config, tmp_path / "config")
    path = tmp_path / "config" / "alerts.yaml"
    tree = yaml.safe_load(path.read_text())
    tree["alerts"]["StrategyDrawdown"]["warning"] = 0.04
    tree["alerts"]["DailyLoss"]["for"] = "7s"
    tree["alerts"]["WinRateLow"]["min_trades"] = 7
    path.write_text(yaml.safe_dump(tree))
    changed = here._replace(config=tmp_path / "config")
    code, told = run("list", here=changed)
    assert code == 0
    what = "Prometheus runs it with another {}: run `genesis generate`, and reload Prometheus"
    rate = "strategy:genesis_strategy_win_rate_ratio:enough_trades: " + what.format("expression")
    assert [line.removeprefix("FAULT: ") for line in told.splitlines() if line.startswith("FAULT:")] == [
        "StrategyDrawdown warning: " + what.format("expression, texts"),
        "DailyLoss critical, DailyLoss warning, DailyLoss info: " + what.format("for"),
        rate,
    ]
    assert row(told, "StrategyDrawdown", "warning").split()[2:4] == ["FAULT,", "firing"]
    assert f"FAULT: {rate}" in run("explain", "WinRateLow", here=changed)[1].splitlines()


def test_the_list_of_a_strategy_has_its_own_thresholds_receiver_and_state(run: Any) -> None:
    _, told = run("list", "--strategy", "spread_capture")
    assert re.search(r" - +desk +0s +>= 3%$", row(told, "StrategyDrawdown", "warning"))
    _, told = run("list", "--strategy", "statistical_arb")
    assert re.search(r" - +broken +0s +>= 5%$", row(told, "StrategyDrawdown", "warning"))


def test_without_servers_the_list_says_so_and_is_there_all_the_same(here: Here, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = f"http://127.0.0.1:{own_port()}"
    assert main(["alerts", "list", "--config", str(here.config), "--prometheus", nowhere, "--alertmanager", nowhere]) == 0
    told = capsys.readouterr().out
    assert row(told, "StrategyDrawdown", "warning").split()[2:4] == ["?", "desk"]
    assert f"note: Prometheus at {nowhere} cannot be asked (Connection refused)" in told
    assert f"note: Alertmanager at {nowhere}" in told


def test_a_strategy_that_only_the_monitor_knows_is_known(run: Any) -> None:
    assert run("list", "--strategy", 'live "only"')[0] == 0
    code, told = run("list", "--strategy", "multi_pears")
    assert code == 1
    assert told == "genesis: there is no strategy 'multi_pears': did you mean multi_pair?\n"


def test_an_alert_is_explained_by_its_figure_its_threshold_and_who_is_told(run: Any) -> None:
    code, told = run("explain", "StrategyDrawdown", "--strategy", "multi_pair")
    assert code == 0
    assert "alerts.yaml: alerts.StrategyDrawdown.warning: 0.05" in told
    assert "strategy=multi_pair: now 7%; fires at >= 5%, which is REACHED" in told
    assert "strategy=multi_pair: now 7%; fires at >= 10%, which is 3% away" in told
    assert re.search(r"firing since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: .*strategy=multi_pair", told)
    assert 'notifies: desk (slack), by the route severity="warning": at once' in told
    assert "MonitorDown with the same instance" in told
    assert "/runbooks#strategydrawdown" in told


def test_a_figure_that_is_absent_is_explained_by_its_reason(run: Any) -> None:
    _, told = run("explain", "WinRateLow", "--strategy", "mean_reversion")
    assert "strategy=mean_reversion: win_rate is undefined: no_round_trips" in told
    _, told = run("explain", "WinRateLow", "--strategy", "multi_pair")
    assert 'genesis_strategy_window_trades{window="1h"} is 4, and must be >= 50' in told
    _, told = run("explain", "CapacityNearlyUsed", "--strategy", "multi_pair")
    assert "no figure: no series has it now" in told


def test_the_series_nearest_to_the_threshold_is_the_first(run: Any) -> None:
    _, told = run("explain", "CorrelationHigh")
    assert told.index("now 0.9; fires at >= 0.7, which is REACHED") < told.index("now 0.4; fires at >= 0.7, which is 0.3 away")
    _, told = run("explain", "CorrelationHigh", "--strategy", "multi_pair")
    assert "now 0.4" in told
    assert "now 0.9" not in told


def test_what_keeps_back_a_threshold_that_is_reached_is_told(run: Any) -> None:
    _, told = run("explain", "MarketDataStale")
    assert "fires at >= 30s, which is reached, but the rest of the rule is not true" in told


def test_an_alert_that_compares_nothing_says_whether_it_is_so(run: Any) -> None:
    assert "true now for all" in run("explain", "Watchdog")[1]
    _, told = run("explain", "DrawdownUnknown", "--strategy", "multi_pair")
    assert "not true now" in told


def test_a_band_has_two_ends(run: Any) -> None:
    _, told = run("explain", "BetaOutOfBand", "--strategy", "multi_pair")
    assert "now 0.1; fires at > 0.5, which is 0.4 away" in told
    assert "now 0.1; fires at < -0.5, which is 0.6 away" in told


def ends(here: Here, alert: str) -> list[tuple[str, str, dict[str, str]]]:
    """What was notified of a test alert: receiver, status and labels."""
    return [
        (receiver, one["status"], one["labels"])
        for receiver, body in here.notified
        for one in body["alerts"]
        if one["labels"]["alertname"] == alert and one["labels"].get("test") == "true"
    ]


def test_a_test_alert_goes_all_the_way_and_so_does_its_end(run: Any, here: Here) -> None:
    code, told = run("fire", "StrategyDrawdown", "--strategy", "multi_pair", "--severity", "warning", "--label", "desk=a")
    assert (code, "NOT DELIVERED" in told) == (0, False), told
    assert 'route: severity="warning" → desk (webhook), at once' in told
    assert re.search(r"^delivered within [\d.]+ s: desk by webhook$", told, re.MULTILINE)
    assert re.search(r"^ended; the end delivered within [\d.]+ s: desk by webhook$", told, re.MULTILINE)
    first, last = ends(here, "StrategyDrawdown")
    assert (first[:2], last[:2]) == (("desk", "firing"), ("desk", "resolved"))
    assert first[2]["strategy"] == "multi_pair"
    assert first[2]["desk"] == "a"
    body = next(body for _, body in here.notified if body["groupLabels"].get("test") == "true")
    assert re.fullmatch(r"multi_pair: drawdown 5%.* \(test\)", body["alerts"][0]["annotations"]["summary"])


def test_a_test_alert_whose_receiver_fails_is_not_delivered(run: Any) -> None:
    code, told = run("fire", "StrategyDrawdown", "--strategy", "statistical_arb", "--within", "3s")
    assert code == 1
    assert re.search(r"NOT DELIVERED after [\d.]+ s: broken by webhook: the notification failed", told)


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGHUP], [signal.SIGINT, signal.SIGINT]])
def test_a_test_alert_is_ended_however_its_command_is_stopped(here: Here, signals: list[signal.Signals]) -> None:
    fire = ["fire", "PeriodLoss", "--strategy", "statistical_arb", "--within", "1m"]
    command = [sys.executable, "-m", "genesis", "alerts", *fire, *here.both()]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while not drills(here):
            assert process.poll() is None
            time.sleep(0.05)
        for number in signals:
            process.send_signal(number)
        assert process.wait(SOON) == 130
    assert drills(here) == []


def drills(here: Here) -> list[Any]:
    async def ask() -> list[Any]:
        async with Alertmanager(here.alertmanager) as manager:
            return list(await manager.alerts({"test": "true"}))

    return asyncio.run(ask())


def test_a_test_alert_out_of_hours_is_not_delivered_and_told_why(run: Any) -> None:
    code, told = run("fire", "EventsRejected", "--severity", "warning")
    assert code == 1
    assert "NOT DELIVERED: closed is notified only within past, which is not now" in told
    assert "not now: closed is notified only within past, which is not now" in run("explain", "EventsRejected")[1]


async def send(here: Here, *, seconds: int, **further: str) -> None:
    """A MonitorDown: it mutes alerts on figures of its instance; without an instance, all of them."""
    now = datetime.now(UTC)
    async with Alertmanager(here.alertmanager) as manager:
        labels = {"alertname": "MonitorDown", "severity": "critical", **further}
        await manager.post([Posted(labels, {}, now - timedelta(seconds=1), now + timedelta(seconds=seconds))])


def test_a_test_alert_that_another_alert_mutes_is_not_delivered_and_told_why(run: Any, here: Here) -> None:
    asyncio.run(send(here, seconds=60))
    try:
        code, told = run("fire", "DailyLoss")
        assert code == 1
        assert "NOT DELIVERED: muted by MonitorDown (severity=critical)" in told
        assert re.search(r"^  MonitorDown.*, which is active now", run("explain", "DailyLoss")[1], re.MULTILINE)
    finally:
        asyncio.run(send(here, seconds=0))


def test_a_silence_is_made_seen_and_ended(run: Any) -> None:
    code, told = run("silence", "DailyLoss", "--for", "1h30m", "--why", "limit under review", "--author", "desk")
    assert code == 0
    assert 'silenced for 1h30m: alertname="DailyLoss"' in told
    identity = told.split()[-1]
    listed = run("silences")[1]
    assert identity in listed
    assert re.search(r"\(1h(30m|29m\d+s) left\), by desk: limit under review", listed)
    assert row(run("list")[1], "DailyLoss", "critical").split()[2] == "silenced"
    assert re.search(
        rf"^    would be silenced until [-\d]+ [:\d]+ UTC by desk: limit under review \(silence {identity}\)$",
        run("explain", "DailyLoss")[1],
        re.MULTILINE,
    )
    code, told = run("fire", "DailyLoss")
    assert code == 1
    assert re.search(rf"NOT DELIVERED: silenced until .* by desk: limit under review \(silence {identity}\)", told)
    assert run("unsilence", identity) == (0, f"ended: {identity}\n")
    assert run("silences")[1] == "nothing is silenced\n"
    for nothing in ("abc", "00000000-0000-4000-8000-000000000000"):
        code, told = run("unsilence", nothing)
        assert (code, told.count("\n")) == (1, 1), told


def test_what_suppresses_an_alert_is_what_alertmanager_says_of_it(run: Any, here: Here) -> None:
    silence = ["silence", "StrategyDrawdown", "--for", "1h", "--why", "known", "--author", "desk"]
    identity = run(*silence, "--strategy", "multi_pair")[1].split()[-1]
    other = run(*silence, "--strategy", "mean_reversion")[1].split()[-1]
    try:
        told = run("explain", "StrategyDrawdown")[1]
        assert re.search(rf"^    .*strategy=multi_pair.*: silenced until .* by desk: known \(silence {identity}\)$", told, re.M)
        assert re.search(rf"^    part of it would be silenced until .*\(silence {other}\)$", told, re.M)
        assert re.search(r" firing, silenced +desk ", row(run("list")[1], "StrategyDrawdown", "warning"))
    finally:
        for one in (identity, other):
            run("unsilence", one)
    asyncio.run(send(here, seconds=60))
    try:
        told = run("explain", "StrategyDrawdown", "--strategy", "multi_pair")[1]
        assert re.search(r"^    .*strategy=multi_pair.*: muted by MonitorDown \(severity=critical\)$", told, re.M)
        assert re.search(r" firing, muted +desk ", row(run("list")[1], "StrategyDrawdown", "warning"))
    finally:
        asyncio.run(send(here, seconds=0))
    asyncio.run(send(here, seconds=60, instance="elsewhere"))
    try:
        assert "muted by" not in run("explain", "StrategyDrawdown", "--strategy", "multi_pair")[1]
    finally:
        asyncio.run(send(here, seconds=0, instance="elsewhere"))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["Watchdog", "--for", "1h", "--why", "x"], "cannot be silenced"),
        (["DailyLoss", "--for", "1h", "--why", " "], "needs a reason"),
        (["DailyLoss", "--for", "0s", "--why", "x"], "has no effect"),
        (["DailyLoss", "--for", "1h", "--why", "x", "--strategy", "multi_pair"], "is not about a strategy"),
        (["StrategyDrawdown", "--for", "1h", "--why", "x", "--strategy", "nobody"], "there is no strategy 'nobody'"),
        (["DailyLos", "--for", "1h", "--why", "x"], "did you mean DailyLoss"),
    ],
)
def test_a_silence_that_must_not_be_is_refused(run: Any, arguments: list[str], complaint: str) -> None:
    code, told = run("silence", *arguments)
    assert code == 1
    assert complaint in told
    assert run("silences")[1] == "nothing is silenced\n"


def test_rules_and_routes_of_the_alerts_that_are_named_are_tested(run: Any) -> None:
    code, told = run("test", "StrategyDrawdown", "DailyLoss", servers=False)
    lines = told.splitlines()
    assert code == 0, told
    assert lines[0] == "[1/5] ok: StrategyDrawdown: its rules, with your thresholds"
    assert "[4/5] ok: StrategyDrawdown: 8 cases of its routes, to broken or desk or page" in lines
    assert lines[-1] == "all 5 passed"


def test_a_rule_that_promtool_does_not_read_is_reported_with_its_alert(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(tree: Mapping[str, Any]) -> str:
        return document(tree).replace("daily_loss_used_ratio >= 1", "daily_loss_used_ratio >= (1")

    monkeypatch.setattr("genesis.alerts.live.trial.document", broken)
    code, told = run("test", "DailyLoss", servers=False)
    assert code == 1
    assert "FAULT: DailyLoss" in told
    assert "1 of 3 failed" in told
    assert "unclosed left parenthesis" in told
