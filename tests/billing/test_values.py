from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.domain import values
from billing.domain.envelope import open_envelope, read_body
from billing.domain.payload import Ignore, Park, Purchase, read_event

MOMENT = dt.datetime(2026, 10, 5, 13, 2, 27, tzinfo=dt.UTC)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "given_value",
    [
        1791205347000,
        1791205347000.0,
        "1791205347000",
        1791205347,
        "1791205347",
        "2026-10-05T13:02:27Z",
        "2026-10-05T13:02:27.000+00:00",
        "2026-10-05T10:02:27-03:00",
        "2026-10-05T13:02:27",
    ],
)
def test_a_moment_is_read_from_milliseconds_seconds_and_iso(given_value: object) -> None:
    read = values.moment(given_value)
    assert read is not None
    assert abs(read - MOMENT) < dt.timedelta(days=1)
    assert read.tzinfo is dt.UTC


@pytest.mark.parametrize("given_value", [None, "", "ontem", True, [], {}, 10**30, "9999-12-31", 0, float("nan"), "inf"])
def test_what_is_no_moment_is_none(given_value: object) -> None:
    assert values.moment(given_value) is None


@pytest.mark.parametrize(
    ("given_value", "cents"),
    [(197.0, 19700), ("197.00", 19700), (0, 0), (19.999, 2000), (None, None), ("x", None), (1e300, None), (True, None)],
)
def test_cents(given_value: object, cents: int | None) -> None:
    assert values.cents(given_value) == cents


@pytest.mark.parametrize(
    ("given_value", "text"),
    [(5123456, "5123456"), ("5123456", "5123456"), (5123456.0, "5123456"), (True, ""), (None, ""), ("x" * 61, "")],
)
def test_identifiers_compare_as_text(given_value: object, text: str) -> None:
    assert values.identifier(given_value) == text


@pytest.mark.parametrize(
    ("given_value", "address"),
    [(" Ana@Example.COM ", "ana@example.com"), ("ana", ""), ("a b@c.d", ""), ("<ana@x.com>", ""), (None, "")],
)
def test_addresses(given_value: object, address: str) -> None:
    assert values.email(given_value) == address


@given(raw=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_read_without_an_error(raw: bytes) -> None:
    body = read_body(raw, tokens=["segredo"])
    if body.payload is not None:
        envelope = open_envelope(body.payload)
        assert 0 < len(envelope.dedupe_key) <= 120
        json.dumps(body.payload, allow_nan=False).encode()


@given(event=st.sampled_from(["PURCHASE_APPROVED", "V1_APPROVED", "SWITCH_PLAN", "OTHER"]), data=JSON)
def test_any_content_of_an_event_is_understood_or_left_aside(event: str, data: object) -> None:
    payload = {"event": event, "data": data, "creation_date": data, "transaction": "HP1", "prod": data, "price": data}
    assert isinstance(read_event(event, payload, received_at=MOMENT), Purchase | Ignore | Park)
    payload["data"] = {"purchase": {"transaction": "HP1", "price": data}}
    assert isinstance(read_event(event, payload, received_at=MOMENT), Purchase | Ignore | Park)
