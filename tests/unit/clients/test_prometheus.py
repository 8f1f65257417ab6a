"""Prometheus asked: samples of every kind, and one line of what is wrong where something is."""

from __future__ import annotations

import json
import math
import socket
from typing import Any
from urllib.parse import parse_qs

import pytest

from genesis.clients.prometheus import Prometheus, Range, Sample
from genesis.core.errors import ServerError
from tests.integration.ports import own_port
from tests.unit.clients.answers import Answer, answering


def result(kind: str, found: object) -> dict[str, Answer]:
    text = json.dumps({"status": "success", "data": {"resultType": kind, "result": found}})
    return {"POST /api/v1/query": (200, text)}


async def queried(answers: dict[str, Answer], promql: str = "x") -> list[Sample]:
    async with answering(answers) as (url, _), Prometheus(url) as prometheus:
        return await prometheus.query(promql)


async def test_samples_have_labels_value_and_time() -> None:
    found: list[Any] = [
        {"metric": {"__name__": "x", "strategy": "a"}, "value": [12.5, "0.05"]},
        {"metric": {}, "value": [12.5, "NaN"]},
        {"metric": {}, "value": [12.5, "+Inf"]},
    ]
    first, second, third = await queried(result("vector", found))
    assert first == Sample({"__name__": "x", "strategy": "a"}, 0.05, 12.5)
    assert first.identity == {("strategy", "a")}
    assert math.isnan(second.value)
    assert third.value == math.inf


async def test_a_scalar_is_a_sample_without_labels() -> None:
    assert await queried(result("scalar", [12.5, "3"])) == [Sample({}, 3.0, 12.5)]


async def ranged(kind: str, found: object) -> list[Range]:
    text = json.dumps({"status": "success", "data": {"resultType": kind, "result": found}})
    async with answering({"POST /api/v1/query_range": (200, text)}) as (url, asked), Prometheus(url) as prometheus:
        series = await prometheus.query_range("x", 1_700_000_000.0, 1_700_000_060.0, 0.25)
    ((_, _, body),) = asked
    assert parse_qs(body) == {"query": ["x"], "start": ["1700000000.000"], "end": ["1700000060.000"], "step": ["0.250"]}
    return series


async def test_a_range_comes_to_the_points_of_each_series() -> None:
    found = [{"metric": {"strategy": "a"}, "values": [[12, "1"], [12.25, "-Inf"]]}, {"metric": {}, "values": []}]
    assert await ranged("matrix", found) == [Range({"strategy": "a"}, [(12.0, 1.0), (12.25, -math.inf)]), Range({}, [])]


async def test_a_range_that_comes_to_something_else_is_refused() -> None:
    with pytest.raises(ServerError, match="returns a vector, not samples over a range"):
        await ranged("vector", [])


async def test_a_query_of_any_length_and_any_signs_arrives_as_it_is() -> None:
    promql = 'x{strategy="a&b=c +é\\""}' + " or x" * 5000
    async with answering(result("vector", [])) as (url, asked), Prometheus(url) as prometheus:
        assert await prometheus.query(promql) == []
    ((_, path, body),) = asked
    assert path == "/api/v1/query"
    assert parse_qs(body) == {"query": [promql]}


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        ({"POST /api/v1/query": (400, '{"status":"error","error":"parse error: bad"}')}, r"refuses .*400\): parse error: bad"),
        ({"POST /api/v1/query": (503, "")}, r"503\): no reason given"),
        ({"POST /api/v1/query": (502, "<html>" + "x" * 5000)}, r"502\): <html>x{294}$"),
        ({"POST /api/v1/query": (302, "")}, "302"),
        ({"POST /api/v1/query": (200, "<html>a proxy</html>")}, "is not one of Prometheus"),
        ({"POST /api/v1/query": (200, '{"data":{}}')}, "is --prometheus right"),
        (result("vector", [{"metric": {}, "value": ["soon", 1]}]), "is not one of Prometheus"),
        (result("matrix", []), "returns a matrix"),
    ],
)
async def test_an_odd_answer_is_one_error_that_says_what_is_wrong(answers: dict[str, Answer], complaint: str) -> None:
    with pytest.raises(ServerError, match=complaint) as caught:
        await queried(answers)
    assert "\n" not in str(caught.value)


async def test_a_server_that_is_not_there_is_said_to_be_so() -> None:
    url = f"http://127.0.0.1:{own_port()}"
    async with Prometheus(url) as prometheus:
        with pytest.raises(
            ServerError, match=r"Prometheus at .* cannot be asked \(Connection refused\): is it running"
        ) as caught:
            await prometheus.query("x")
    assert url in str(caught.value)


async def test_a_server_without_tls_is_said_to_be_so() -> None:
    async with answering({}) as (url, _), Prometheus(url.replace("http:", "https:")) as prometheus:
        with pytest.raises(ServerError, match=r"cannot be asked .*SSL"):
            await prometheus.query("x")


async def test_a_server_that_is_silent_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection, and never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        async with Prometheus(url, timeout=0.1) as prometheus:
            with pytest.raises(ServerError, match=r"nothing came within 0\.1 s"):
                await prometheus.query("x")


async def test_an_address_without_a_scheme_is_refused() -> None:
    with pytest.raises(ServerError, match="--prometheus: 'localhost:9090' is not an address"):
        await Prometheus("localhost:9090").__aenter__()


async def test_a_password_in_an_address_is_used_and_not_shown() -> None:
    async with answering({}) as (url, _), Prometheus(url.replace("//", "//desk:s3cret@")) as prometheus:
        with pytest.raises(ServerError, match="404") as caught:
            await prometheus.query("x")
    assert f"Prometheus at {url} refuses" in str(caught.value)


async def test_the_alerts_have_state_labels_and_since_when() -> None:
    found = {
        "state": "firing",
        "labels": {"alertname": "A"},
        "annotations": {},
        "activeAt": "2026-11-22T13:08:54.965123456Z",
        "value": "1e+00",
    }
    text = json.dumps({"status": "success", "data": {"alerts": [found]}})
    async with answering({"GET /prefix/api/v1/alerts": (200, text)}) as (url, _), Prometheus(f"{url}/prefix/") as prometheus:
        (alert,) = await prometheus.alerts()
    assert (alert.name, alert.state, alert.active_at.hour) == ("A", "firing", 13)


async def test_the_rules_of_all_groups_are_told_with_what_is_wrong_with_them() -> None:
    broken = {
        "name": "A",
        "query": "x",
        "labels": {"severity": "info"},
        "health": "err",
        "lastError": "many-to-many",
        "state": "x",
    }
    groups = [{"rules": [broken]}, {"rules": [{"name": "B", "query": "y"}]}]
    text = json.dumps({"status": "success", "data": {"groups": groups}})
    async with answering({"GET /api/v1/rules": (200, text)}) as (url, asked), Prometheus(url) as prometheus:
        first, second = await prometheus.rules()
    assert asked[0][1] == "/api/v1/rules"
    assert (first.name, first.health, first.last_error) == ("A", "err", "many-to-many")
    assert (second.name, second.labels, second.health) == ("B", {}, "unknown")


async def test_an_expression_is_laid_out_by_prometheus() -> None:
    text = json.dumps({"status": "success", "data": "up == 0"})
    async with answering({"POST /api/v1/format_query": (200, text)}) as (url, _), Prometheus(url) as prometheus:
        assert await prometheus.formatted("up==0") == "up == 0"


@pytest.mark.parametrize(
    "answer",
    [
        result("vector", [{"metric": {}, "value": [1, "a lot"]}]),
        result("scalar", [1, "a lot"]),
        {"POST /api/v1/query": (200, '{"data":{"resultType":"vector","more":' + "[" * 100_000 + "]" * 100_000 + "}}")},
        {"POST /api/v1/query": (500, "[" * 100_000)},
    ],
    ids=["text in a vector", "text in a scalar", "too deep", "a refusal that is too deep"],
)
async def test_an_answer_that_makes_no_sense_is_an_error_of_the_server(answer: dict[str, Answer]) -> None:
    with pytest.raises(ServerError):
        await queried(answer)


async def test_what_a_server_says_is_told_on_one_line_and_moves_no_cursor() -> None:
    with pytest.raises(ServerError) as raised:
        await queried({"POST /api/v1/query": (400, "two\nlines \x1b[2J\u202eand more")})
    assert str(raised.value).endswith(r"two lines \x1b[2J\u202eand more")
