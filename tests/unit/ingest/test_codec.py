"""One line of JSON: exactly the event that it says, or field, value and reason."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.core.errors import EventError
from genesis.core.models import CapitalFlow, Depth, Fill, Quote
from genesis.ingest.codec import EVENT_KINDS, MAX_LINE, VALUE_SHOWN, Identity, decode_event, identity, shown
from genesis.ingest.schema import ABOVE_ZERO, NOT_BELOW_ZERO, event_schema

FILL: dict[str, Any] = {
    "kind": "fill",
    "time": "2026-01-31T12:00:00.123456Z",
    "source": "okx",
    "event_id": "f-1",
    "strategy": "mom",
    "symbol": "BTCUSDT",
    "side": "buy",
    "quantity": "0.5",
    "price": "61000.25",
    "fee": "1.2",
    "liquidity": "taker",
}
DEPTH = b'{"kind":"depth","time":"2026-01-31T12:00:00Z","symbol":"A","bids":[["1","x"]],"asks":[]}'
VALIDATOR = jsonschema.Draft202012Validator(event_schema())


def line(**changed: Any) -> bytes:
    return json.dumps(FILL | changed).encode()


def raw(field: str, text: str) -> bytes:
    """A fill in which a field holds exactly this text of JSON."""
    return json.dumps(FILL | {field: "§"}, ensure_ascii=False).replace('"§"', text).encode()


def refused(text: bytes) -> EventError:
    with pytest.raises(EventError) as caught:
        decode_event(text)
    return caught.value


@pytest.mark.parametrize(
    "digits", ["0.1", "1e-7", "0.30000000000000004", "123456789012345.123456789012345678", "1E2", "100.00", "900719925474099.3"]
)
@pytest.mark.parametrize("quote", ["", '"'])
def test_numbers_are_taken_to_the_last_digit_with_and_without_quotation_marks(digits: str, quote: str) -> None:
    event = decode_event(raw("price", quote + digits + quote))
    assert isinstance(event, Fill)
    assert event.price == Decimal(digits)


@pytest.mark.parametrize("ending", [b"\r", b"  ", b"\t\r"])
def test_white_space_around_an_event_does_not_matter(ending: bytes) -> None:
    assert decode_event(b" " + line() + ending) == decode_event(line())


@pytest.mark.parametrize(
    ("text", "field", "value", "reason"),
    [
        (line(price=-1), "price", "-1", "is not above 0"),
        (line(price="NaN"), "price", "NaN", "is not finite"),
        (line(price="Infinity"), "price", "Infinity", "is not finite"),
        (line(price="x"), "price", "x", "is not a decimal number"),
        (line(price=10**15), "price", str(10**15), "is not below 1e15 in size"),
        (line(price="0." + "1" * 19), "price", "0." + "1" * 19, "has more than 18 digits after the point"),
        (line(price=None), "price", "null", "is wrong: expected `decimal`, got `null`"),
        (line(price={"a": [1]}), "price", '{"a": [1]}', "is wrong: expected `decimal`, got `object`"),
        (line(side="BUY"), "side", "BUY", "is none of buy, sell"),
        (line(liquidity=1), "liquidity", "1", "is none of maker, taker, unknown"),
        (line(kind="trade"), "kind", "trade", f"is none of {', '.join(EVENT_KINDS)}"),
        (line(kind=7), "kind", "7", f"is none of {', '.join(EVENT_KINDS)}"),
        (line(time="yesterday"), "time", "yesterday", "is not a time in RFC 3339, for example 2026-01-31T12:00:00.123456Z"),
        (line(time=0), "time", "0", "is wrong: expected `datetime`, got `int`"),
        (line(event_id=""), "event_id", "", "has 0 characters: 1 to 128 are allowed"),
        (b'{"kind":"fill"}', "time", "(nothing)", "is required"),
        (b"{}", "kind", "(nothing)", "is required"),
        (raw("price", "1e99999999999999999999"), "price", "1e99999999999999999999", "is not a decimal number"),
        (DEPTH, "bids[0][1]", '[["1","x"]]', "is not a decimal number"),
        (b"[" + line() + b"]", "(line)", shown(b"[" + line()),
         "must be a JSON object, one event a line: Expected `object`, got `array`"),
        (b"\xff" + line(), "(line)", shown(b"\xff" + line()), "is not JSON: JSON is malformed: invalid character (byte 0)"),
        (line()[:-1], "(line)", shown(line()), "is not JSON: Input data was truncated"),
        (raw("price", "NaN"), "(line)", None, "is not JSON: JSON is malformed: invalid character (byte 175)"),
        (b'{"kind":"fill","source":"\xff"}', "(line)", '{"kind":"fill","source":"\ufffd"}', "is not UTF-8"),
        (b'{"a":' * 5000, "(line)", None, "is nested too deeply"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_field_value_and_reason(text: bytes, field: str, value: str | None, reason: str) -> None:
    error = refused(text)
    assert (error.field, error.reason) == (field, reason)
    if value is not None:
        assert error.value == value


def test_a_field_that_the_event_does_not_have_is_refused_with_those_that_it_has() -> None:
    error = refused(line(comission="1.2"))
    assert (error.field, error.value) == ("comission", "1.2")
    assert "a fill has kind, time, source, event_id, strategy" in error.reason


@pytest.mark.parametrize("field", ["fee", "event_id", "time", "kind", "liquidity"])
@pytest.mark.parametrize("between", [":", " : ", " :"])
def test_a_key_that_stands_twice_is_refused_whatever_its_values(field: str, between: str) -> None:
    again = f',"{field}"{between}{json.dumps(FILL[field])}}}'.encode()
    for text in (
        line(),
        line(event_id="a:b:c", time="2026-01-31T12:00:00+00:00"),
        line(event_id='a":"b'),
        line(event_id="\\:"),
    ):
        decode_event(text)
        assert (refused(text[:-1] + again).field, refused(text[:-1] + again).reason) == (field, "appears twice in the event")
    escaped = f',"\\u{ord(field[0]):04x}{field[1:]}":{json.dumps(FILL[field])}}}'.encode()
    assert refused(line()[:-1] + escaped).field == field


def test_a_line_that_is_too_long_is_not_even_read() -> None:
    assert decode_event(line().ljust(MAX_LINE)) == decode_event(line())
    assert refused(line().ljust(MAX_LINE + 1)).reason == f"has {MAX_LINE + 1} bytes: {MAX_LINE} are allowed"


@pytest.mark.parametrize("field", ["price", "source", "side", "time", "unknown"])
def test_what_is_quoted_of_a_value_is_short_and_valid(field: str) -> None:
    for text in (raw(field, '"' + "é" * 5000 + '"'), raw(field, "9" * 5000), raw(field, "[" + "1," * 900 + "1]")):
        assert len(str(refused(text).value)) <= VALUE_SHOWN
        str(refused(text).value).encode()


def test_a_refused_line_tells_who_it_was_as_far_as_it_can_be_read() -> None:
    assert identity(line(price="x")) == Identity("fill", "f-1")
    assert identity(line(kind="trade", event_id=7)) == Identity(None, None)
    assert identity(line(event_id="é" * 5000)) == Identity("fill", shown("é" * 5000))
    assert identity(b"{") == identity(b"\xff") == identity(b"[" * 5000) == Identity(None, None)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode) | st.integers(0, 200).map(lambda end: line()[:end]))
def test_any_bytes_are_an_event_or_an_event_error(text: bytes) -> None:
    try:
        decode_event(text)
    except EventError as error:
        str(error).encode()
        identity(text)


DIGITS = st.decimals(min_value=-(10**16), max_value=10**16, places=3)
SENSIBLE = (
    st.none()
    | st.booleans()
    | st.integers()
    | DIGITS.map(str)
    | DIGITS.map(float)
    | st.text()
    | st.sampled_from(["buy", "maker"])
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals().map(str) | DIGITS.map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*FILL, "fee_currency", "signal_id", "x"]), JSON_VALUES, max_size=3))
def test_any_values_in_any_fields_are_an_event_or_an_event_error(changed: dict[str, Any]) -> None:
    text = line(**changed)
    try:
        event = decode_event(text)
    except EventError as error:
        str(error).encode()
        return
    assert decode_event(msgspec.json.encode(event)) == event


@given(st.dictionaries(st.sampled_from([*FILL, "fee_currency", "signal_id", "x"]), SENSIBLE, max_size=2))
def test_what_the_schema_allows_is_taken(changed: dict[str, Any]) -> None:
    """Not the other way about: the schema is stricter on how numbers are written."""
    text = line(**changed)
    if VALIDATOR.is_valid(json.loads(text)):
        decode_event(text)


def test_the_schema_knows_every_kind_and_is_a_schema() -> None:
    schema = event_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    kinds = [schema["$defs"][part["$ref"].rpartition("/")[2]]["properties"]["kind"]["enum"] for part in schema["oneOf"]]
    assert kinds == [[kind] for kind in EVENT_KINDS]
    assert all(schema["$defs"][part["$ref"].rpartition("/")[2]]["additionalProperties"] is False for part in schema["oneOf"])


@pytest.mark.parametrize(
    "event",
    [
        FILL,
        FILL | {"price": 61000.25, "fee": -0.5, "fee_currency": None, "signal_id": "s-1"},
        {"kind": "quote", "time": "2026-01-31T12:00:00+01:00", "symbol": "A", "bid": 1, "ask": "2", "bid_size": 0},
        {"kind": "depth", "time": "2026-01-31T12:00:00Z", "symbol": "A", "bids": [["1", 2]], "asks": []},
        {"kind": "capital_flow", "time": "2026-01-31T12:00:00Z", "event_id": "c", "strategy": "s", "amount": "-12.50"},
    ],
)
def test_usual_events_follow_the_schema_and_are_taken(event: dict[str, Any]) -> None:
    VALIDATOR.validate(event)
    assert isinstance(decode_event(json.dumps(event).encode()), Fill | Quote | Depth | CapitalFlow)


@pytest.mark.parametrize(
    "changed",
    [{"price": 0}, {"price": "-1"}, {"quantity": "NaN"}, {"fee": "1e999"}, {"event_id": ""}, {"event_id": "a\0b"},
     {"symbol": "x" * 129},
     {"side": "BUY"}, {"time": "noon"}, {"comission": 1}, {"price": 10**15}, {"price": None}],
)  # fmt: skip
def test_what_is_refused_does_not_follow_the_schema_either(changed: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(FILL | changed)
    refused(line(**changed))


def test_the_schema_has_the_sign_of_every_number_that_the_models_check() -> None:
    """A field whose sign the models begin to check has to be named in the schema's lists."""
    signed = {"fee", "amount"}
    fields = [field for kind in EVENT_KINDS.values() for field in msgspec.structs.fields(kind)]
    decimals = {field.name for field in fields if Decimal in (field.type, *get_args(field.type))}
    assert decimals == ABOVE_ZERO | NOT_BELOW_ZERO | signed
