from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.core.allocation import MAX_BODY, Share, decode_decision, decode_report, encode
from genesis.core.errors import EventError
from genesis.core.models import MAX_SEQ, StrategyState

HALF = {"weight": "0.5", "state": "active"}

_names = st.text(min_size=1, max_size=128).filter(lambda name: "\0" not in name and name.isprintable())
_shares = st.builds(
    Share, st.integers(0, 10_000).map(lambda step: Decimal(step).scaleb(-4)), st.sampled_from(list(StrategyState))
)


@given(st.integers(1, MAX_SEQ), st.dictionaries(_names, _shares, max_size=6))
def test_what_is_told_is_what_is_read(number: int, shares: dict[str, Share]) -> None:
    assert decode_decision(encode(number, shares)) == (number, shares)


def test_weights_are_strings_so_that_no_digit_is_lost() -> None:
    body = encode(17, {"mean_reversion": Share(Decimal("0.3000"), StrategyState.ACTIVE)})
    assert body == b'{"decision":17,"shares":{"mean_reversion":{"weight":"0.3000","state":"active"}}}'


def test_an_engine_that_took_no_decision_yet_reports_none_and_may_say_more_than_is_asked() -> None:
    report = decode_report(b'{"decision":null,"shares":{"a":{"weight":0.25,"state":"paused","since":1}},"engine":"mine"}')
    assert report.decision is None
    assert report.shares == {"a": Share(Decimal("0.25"), StrategyState.PAUSED)}


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"decision": 1, "shares": {"a": {"weight": "1.0001", "state": "active"}}}, r"shares\['a'\]\.weight: '1.0001'"),
        ({"decision": 1, "shares": {"a": {"weight": "-0.1", "state": "active"}}}, r"shares\['a'\]\.weight: '-0.1'"),
        ({"decision": 1, "shares": {"a": {"weight": "NaN", "state": "active"}}}, r"shares\['a'\]\.weight: 'NaN'"),
        ({"decision": 1, "shares": {"a": {"weight": "1e-400", "state": "active"}}}, r"shares\['a'\]\.weight"),
        ({"decision": 1, "shares": {"a": {"weight": "1e9999999999999999999", "state": "active"}}}, r"shares\['a'\]"),
        ({"decision": 1, "shares": {"a": {"weight": "0.1", "state": "gone"}}}, r"shares\['a'\].*gone"),
        ({"decision": 1, "shares": {"a": {"weight": "0.1"}}}, r"shares\['a'\].*state"),
        ({"decision": 1, "shares": {"": HALF}}, r"shares\[''\]\.strategy"),
        ({"decision": 1, "shares": {"n" * 2000: HALF}}, r"shares\['n{80}…'\]\.strategy"),
        ({"decision": 0, "shares": {}}, "decision: 0"),
        ({"decision": True, "shares": {}}, "decision"),
        ({"decision": MAX_SEQ + 1, "shares": {}}, "decision"),
        ({"decision": MAX_SEQ, "shares": {}}, "decision: .* no decision has reached"),
        ({"decision": 1}, "shares"),
        ([], "body"),
    ],
)
def test_what_is_wrong_is_named_with_its_value_on_one_short_line(told: Any, field: str) -> None:
    with pytest.raises(EventError, match=field) as raised:
        decode_report(json.dumps(told).encode())
    assert len(str(raised.value)) < 500
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"[" * 100_000, b" " * (MAX_BODY + 1)])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(EventError, match="body"):
        decode_report(body)


def test_what_an_engine_is_told_has_a_number() -> None:
    with pytest.raises(EventError, match="decision: None"):
        decode_decision(b'{"decision":null,"shares":{}}')


@pytest.mark.parametrize("body", ['{"decision":1,"shares":{"a":%s}}', '{"decision":1,"more":%s,"shares":{}}'])
def test_brackets_in_brackets_without_end_are_no_allocation(body: str) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    with pytest.raises(EventError, match="body"):
        decode_report((body % deep).encode())
