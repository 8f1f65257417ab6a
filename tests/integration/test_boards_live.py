"""Every query of every board against a live Prometheus that reads the demo, and its time with fifty strategies.

`pytest -s` prints board, panel, query, series and time of each.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from genesis.boards import BoardSettings, boards
from genesis.boards.queries import THIS
from genesis.configuration import load_settings
from genesis.core.duration import duration_text
from genesis.demo.settings import FAULTY
from tests.integration.asker import LONGEST, Answer, Asker, asking, is_known
from tests.integration.board_queries import Json, Query, Values, Variable, filled, queries, time_range, variables
from tests.integration.conftest import ROOT
from tests.integration.empty_by_design import EMPTY, Empty, emptiness
from tests.integration.odd_sender import send_oddities
from tests.integration.past import Series, prometheus_with_a_past
from tests.integration.questions import questions
from tests.integration.running_demo import demo
from tests.integration.waiting import SOON

pytestmark = [pytest.mark.usefixtures("real_programs"), pytest.mark.real_time]

SETTINGS = load_settings(ROOT / "config")
INTERVAL = SETTINGS.alerts.scrape_interval
BOARDS: Mapping[str, Json] = {
    name.removesuffix(".json"): json.loads(text) for name, text in boards(BoardSettings.of(SETTINGS)).items()
}
TOKEN = secrets.token_urlsafe()
MANY = 50
RUNS = 20
"""Times that a slow query is asked again: what counts is the quickest, whatever else the machine does."""

LOOKS = 5
"""Times that it is looked again while something is missing: a scrape that a busy machine gave up leaves a hole."""

HEALTHY = "mean_reversion"
ALL = "all"
PICKS: Mapping[str, Sequence[str]] = {ALL: (), "bad": [FAULTY], "good": [HEALTHY], "two": [FAULTY, HEALTHY]}
"""What is picked, in the variable of the strategies; nothing is all of them."""

QUESTIONS = list(questions())
ANSWERED = 0.8
"""Share of the questions that have an answer in a demo of some minutes; of the others, the page says when there is none."""

each_board = pytest.mark.parametrize("name", BOARDS)
among_others = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asker]:
    """The demo's Prometheus, once everything that the demo shows has happened, and what senders do wrong."""
    folder = tmp_path_factory.mktemp("few")
    options = ("--free-ports", "--speed", "10", "--config", str(with_token(folder)))
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    async with demo(folder, *options) as run, aiohttp.ClientSession(headers=bearer) as client:
        monitor = (await run.says(r"Monitor +(http://\S+)/"))[1]
        url = (await run.says(r"Prometheus +(http://\S+)/"))[1]
        for turn in range(2):  # a counter's increase is seen from its second sample on
            await run.says(r"strategy +equity")
            await send_oddities(client, monitor, FAULTY, turn)
        await run.says(rf"ROTATION  {FAULTY} pause", within=3 * SOON)
        async with asking(url) as asker:
            yield asker


def with_token(folder: Path) -> Path:
    """A copy of the configuration with which senders may send."""
    config = shutil.copytree(ROOT / "config", folder / "config")
    token = folder / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    with (config / "monitor.yaml").open("a") as file:
        file.write(f"ingest: {{token_file: {token}}}\n")
    return config


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def many(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Asker]:
    """A Prometheus that has read fifty strategies for as long as a board shows."""
    folder = tmp_path_factory.mktemp("many")
    series = await series_of_many(folder)
    step = round(INTERVAL.total_seconds() * 1000)
    now = int(time.time() * 1000) // step * step
    longest = max(time_range(board) for board in BOARDS.values())
    times = range(now - round(longest.total_seconds() * 1000), now + 1, step)
    async with prometheus_with_a_past(series, times, folder, os.environ) as (url, pid), asking(url, now / 1000, pid) as asker:
        yield asker


async def series_of_many(folder: Path) -> list[Series]:
    """The series that boards read, as Prometheus has them after some minutes of market time."""
    async with demo(folder, "--free-ports", "--speed", "6", "--strategies", str(MANY)) as run:
        url = (await run.says(r"Prometheus +(http://\S+)/"))[1]
        await run.says(rf"ROTATION  {FAULTY} reduce", within=3 * SOON)
        async with asking(url) as asker:
            read = set(re.findall(r"[A-Za-z_:][\w:]*", json.dumps(BOARDS)))
            names = "|".join(sorted(read.intersection(await asker.label_values("__name__"))))
            # On a busy machine the last scrape may have taken too long, and have been given up.
            found = await asker.now(f'last_over_time({{__name__=~"{names}"}}[1m])')
    return [Series(series["metric"], float(series["value"][1])) for series in found]


@each_board
@among_others
@pytest.mark.usefixtures("live", "many")  # many takes a while, in which the demo grows older: some queries look back a minute
async def test_every_query_of_a_board_returns_data(name: str, live: Asker, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(LOOKS):
        asked = await answers(live, name)
        wrong = [fault for query, found in asked.items() for fault in faults(query, found)]
        if not wrong:
            break
        await asyncio.sleep(2)
    told(name, asked, capsys)
    assert not wrong, "\n".join(wrong)


@each_board
@among_others
async def test_every_variable_of_a_board_offers_something(name: str, live: Asker, many: Asker) -> None:
    board = BOARDS[name]
    for asker in (live, many):
        values: dict[str, str] = {}
        for variable in variables(board):
            begun = time.monotonic()
            offered = await asker.values_of(variable, values)
            seconds = time.monotonic() - begun
            print(f"{name:<10}${variable.name:<33}{len(offered):>14} values{seconds * 1000:>9.1f} ms")  # noqa: T201
            assert offered, f"${variable.name} offers nothing"
            values[variable.name] = variable.filled([FAULTY if FAULTY in offered else offered[0]], everything=True)


@each_board
@among_others
async def test_no_query_of_a_board_is_slow_with_fifty_strategies(
    name: str, many: Asker, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = await answers(many, name)
    told(f"{name} with {MANY} strategies", asked, capsys)
    slow = [row(query, pick, answer) for query, found in asked.items() for pick, answer in found.items() if too_slow(answer)]
    assert not slow, "\n".join(slow)
    missing = [query.place for query, found in asked.items() if is_left_to_many(query) and not found[ALL].series]
    assert not missing


@among_others
@pytest.mark.usefixtures("live", "many")
async def test_every_question_of_the_page_has_an_answer_or_the_page_says_why_not(live: Asker) -> None:
    for _ in range(LOOKS):
        wrong, answered = await asked_all(live)
        if not wrong and answered >= ANSWERED * len(QUESTIONS):
            break
        await asyncio.sleep(2)
    assert not wrong, "\n".join(wrong)
    assert answered >= ANSWERED * len(QUESTIONS)


async def asked_all(asker: Asker) -> tuple[list[str], int]:
    """What is wrong with the answers to the page's questions, and how many have one."""
    wrong: list[str] = []
    answered = 0
    for question in QUESTIONS:
        begun = time.monotonic()
        found = await asker.now(question.query)
        known = sum(is_known(series["value"]) for series in found)
        answered += known > 0
        print(f"{question.title:<80}{known:>4} series{(time.monotonic() - begun) * 1000:>9.1f} ms")  # noqa: T201
        if known < len(found) or not (found or question.may_be_empty):
            wrong.append(f"{question.title} {known} of {len(found)} series are known: {question.query}")
    return wrong, answered


async def answers(asker: Asker, name: str) -> dict[Query, dict[str, Answer]]:
    """Query → pick → answer, for all of a board."""
    board = BOARDS[name]
    asked: dict[Query, dict[str, Answer]] = {query: {} for query in queries(name, board, INTERVAL)}
    for pick, strategies in PICKS.items():
        values = await asker.chosen(board, strategies)
        for query, found in asked.items():
            found[pick] = await quickest(asker, query, board, values)
    return asked


async def quickest(asker: Asker, query: Query, board: Json, values: Values) -> Answer:
    """The answer that took the shortest time, asked again only while it is slow."""
    best = await asker.answer(query, board, values)
    for _ in range(RUNS - 1):
        if not too_slow(best):
            break
        best = min(best, await asker.answer(query, board, values), key=lambda answer: answer.seconds)
    return best


def too_slow(answer: Answer) -> bool:
    return answer.seconds > LONGEST


def is_left_to_many(query: Query) -> bool:
    """Whether it has to have data with fifty strategies and a past: it looks further back than the demo goes, or at more."""
    empty = why_empty(query)
    return " offset " in query.expr or (empty is not None and empty.with_fifty)


def why_empty(query: Query) -> Empty | None:
    return emptiness(query.board, query.panel, query.expr)


def faults(query: Query, found: Mapping[str, Answer]) -> Iterator[str]:
    """Whether there is data, where there has to be some.

    Of all strategies, and of one or two: one may lack what another one has, and what is between two is not of one.
    """
    empty, every = why_empty(query), found[ALL].series
    some = sum(answer.series for pick, answer in found.items() if pick != ALL)
    of_one = THIS in query.expr  # there is no "all" on its board
    if empty is None and not is_left_to_many(query) and not (some and (every or of_one)):
        yield f"{query.place} has {every} series of all strategies, {some} of picked ones: {query.expr}"
    if empty is not None and empty.always and every + some:
        yield f"{query.place} has {every + some} series: take it out of EMPTY ({empty.reason})"


def test_what_is_said_to_be_empty_is_on_a_board() -> None:
    asked = [query for name, board in BOARDS.items() for query in queries(name, board, INTERVAL)]
    for board, panel, part in EMPTY:
        assert any((query.board, query.panel) == (board, panel) and part in query.expr for query in asked), (board, panel, part)


def row(query: Query, pick: str, found: Answer) -> str:
    step = "now" if query.kind == "instant" else duration_text(query.step)
    return (
        f"{query.board:<10}{query.panel:<34.33}{query.ref:<3}{pick:<5}{step:<6}{found.series:>6} series"
        f"{found.seconds * 1000:>9.1f} ms{found.samples:>10} samples"
    )


def told(title: str, asked: Mapping[Query, Mapping[str, Answer]], capsys: pytest.CaptureFixture[str]) -> None:
    """The whole table where output is shown, and in any case a line."""
    rows = [(answer.seconds, row(query, pick, answer)) for query, found in asked.items() for pick, answer in found.items()]
    print("\n".join(text for _, text in rows))  # noqa: T201 - the table is asked for with -s
    slowest = max(rows, default=(0.0, ""))[0]
    with capsys.disabled():
        print(f"\n{title}: {len(asked)} queries, the slowest {slowest * 1000:.0f} ms", end=" ")  # noqa: T201


def test_a_query_is_filled_in_as_grafana_does_it() -> None:
    variable = Variable("strategy", "strategy", None, (), None, many=True, all_value=".+")
    assert variable.filled(["a"], everything=True) == ".+"
    assert variable.filled(["a.b", "c"], everything=False) == r"(a\.b|c)"
    assert filled("x{s=~`${strategy:regex}|`}[$w]", {"strategy": "(a|b)", "w": "1h"}) == "x{s=~`(a|b)|`}[1h]"
    with pytest.raises(KeyError):
        filled("$nobody", {})
