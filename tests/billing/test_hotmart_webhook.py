from __future__ import annotations

import json
import logging
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import DatabaseError
from django.test import Client, RequestFactory
from pytest_django import Settings

from billing import webhooks
from billing.models import PaymentEvent
from billing.services import inbox
from billing.tasks import process_payment_events
from tests.billing.factories import FIXTURES, payload

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.billing.urls")]

TOKEN = "token-de-teste-1"
PREVIOUS = "token-de-teste-0"
URL = "/webhooks/hotmart/"


@pytest.fixture(autouse=True)
def _tokens(settings: Settings) -> None:
    settings.HOTMART_HOTTOKS = [TOKEN, PREVIOUS]


def post(body: Any, token: str | None = TOKEN, *, url: str = URL, content_type: str = "application/json") -> int:
    headers = {} if token is None else {"X-HOTMART-HOTTOK": token}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client(enforce_csrf_checks=True).post(url, data, content_type=content_type, headers=headers).status_code


def stored() -> PaymentEvent:
    return PaymentEvent.objects.get()


@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.glob("v2_*.json")))
def test_every_example_is_stored_and_answered_200(name: str) -> None:
    body = json.loads((FIXTURES / name).read_text())
    assert post(body) == 200
    body.pop("hottok", None)
    event = stored()
    assert (event.dedupe_key, event.event, event.payload, event.status) == (body["id"], body["event"], body, "pending")
    assert event.produced_at is not None


@pytest.mark.parametrize("url", ["/webhooks/hotmart", "/webhooks/hotmart/"])
def test_both_forms_of_the_address_answer_without_a_redirect(url: str) -> None:
    assert post(payload("PURCHASE_APPROVED"), url=url) == 200


def test_the_previous_token_still_opens_the_door() -> None:
    assert post(payload("PURCHASE_APPROVED"), PREVIOUS) == 200


@pytest.mark.parametrize("token", ["errado", "", TOKEN + "x", TOKEN.upper(), "señal"])
def test_a_wrong_header_is_refused_even_beside_a_right_body_token(token: str) -> None:
    assert post(payload("PURCHASE_APPROVED") | {"hottok": TOKEN}, token) == 401
    assert not PaymentEvent.objects.exists()


def test_without_a_header_the_body_token_decides_and_is_not_stored() -> None:
    assert post(payload("PURCHASE_APPROVED") | {"hottok": "errado"}, None) == 401
    assert post(payload("PURCHASE_APPROVED"), None) == 401
    assert not PaymentEvent.objects.exists()
    assert post(payload("PURCHASE_APPROVED") | {"hottok": TOKEN}, None) == 200
    assert stored().payload == payload("PURCHASE_APPROVED")


def test_a_token_in_the_query_string_opens_nothing() -> None:
    assert post(payload("PURCHASE_APPROVED"), None, url=f"{URL}?hottok={TOKEN}") == 401


@pytest.mark.parametrize("tokens", [[], [""]])
def test_without_a_configured_token_everything_is_refused(settings: Settings, tokens: list[str]) -> None:
    settings.HOTMART_HOTTOKS = tokens
    assert post(payload("PURCHASE_APPROVED"), "") == 401
    assert post(payload("PURCHASE_APPROVED") | {"hottok": ""}, None) == 401


def test_the_token_is_taken_out_at_every_depth_and_from_every_text() -> None:
    body = payload("PURCHASE_APPROVED", data__echo={"HotTok": TOKEN, "list": [{"hottok": TOKEN}, f"url?t={PREVIOUS}"]})
    assert post(body) == 200
    text = json.dumps(stored().payload)
    assert TOKEN not in text
    assert PREVIOUS not in text
    assert "hottok" not in text.lower()


def test_get_is_not_allowed_and_says_what_is() -> None:
    response = Client().get(URL)
    assert (response.status_code, response["Allow"]) == (405, "POST")


def test_a_body_over_256_kib_is_refused_and_one_below_is_not() -> None:
    assert post(payload("PURCHASE_APPROVED", data__pad="x" * (257 * 1024))) == 413
    assert post(payload("PURCHASE_APPROVED", data__pad="x" * (250 * 1024))) == 200


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not json",
        b"[1, 2]",
        b'"text"',
        b"{}",
        b'{"event": "PURCHASE_APPROVED", "data": NaN}',
        b'{"event": "PURCHASE_APPROVED", "data": 1e999}',
        b'{"a":' * 5000,
        b'{"a":' * 100 + b"1" + b"}" * 100,
        b"\xff\xfe\x00",
        b'{"id": "1", "event"',
    ],
)
def test_an_unreadable_body_with_a_good_header_is_kept_raw_and_parked(raw: bytes) -> None:
    assert post(raw + TOKEN.encode()) == 200
    event = stored()
    assert (event.status, event.reason, event.payload) == ("parked", "unreadable", None)
    assert bytes(event.raw or b"") == raw + b"***"


def test_an_unreadable_body_without_a_header_is_refused() -> None:
    assert post(b"not json", None) == 401
    assert not PaymentEvent.objects.exists()


def test_text_that_a_database_refuses_is_stored_without_it() -> None:
    body = payload("PURCHASE_APPROVED", data__buyer__name="A\x00na")
    raw = json.dumps(body).replace("Painel", "\\ud800Painel").encode()
    assert post(raw) == 200
    event = stored()
    assert event.payload is not None
    assert event.payload["data"]["buyer"]["name"] == "A\ufffdna"
    assert event.payload["data"]["product"]["name"] == "?Painel Exemplo SaaS"


def test_a_repeated_post_is_stored_once() -> None:
    assert [post(payload("PURCHASE_APPROVED")) for _ in range(3)] == [200, 200, 200]
    assert PaymentEvent.objects.count() == 1


def test_the_same_id_with_another_body_keeps_the_first_and_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    post(payload("PURCHASE_APPROVED"))
    with caplog.at_level(logging.ERROR):
        assert post(payload("PURCHASE_APPROVED", data__buyer__email="outra@example.com")) == 200
    assert "hotmart.same_id_other_body" in caplog.messages
    assert stored().payload == payload("PURCHASE_APPROVED")


def test_the_same_body_under_another_token_is_no_conflict(caplog: pytest.LogCaptureFixture) -> None:
    post(payload("PURCHASE_APPROVED") | {"hottok": PREVIOUS})
    post(payload("PURCHASE_APPROVED") | {"hottok": TOKEN})
    assert "hotmart.same_id_other_body" not in caplog.messages


def test_an_inbox_that_cannot_be_written_answers_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(inbox, "store", broken)
    assert post(payload("PURCHASE_APPROVED")) == 503


def test_a_broker_that_is_down_does_not_lose_the_event(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def refuse(**options: Any) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(process_payment_events, "apply_async", refuse)
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        assert post(payload("PURCHASE_APPROVED")) == 200
    assert len(callbacks) == 1
    assert stored().status == "pending"


def test_a_form_of_version_1_is_stored_once_by_what_it_says() -> None:
    form = json.loads((FIXTURES / "v1_PURCHASE_APPROVED.form.json").read_text()) | {"hottok": TOKEN}
    kind = "application/x-www-form-urlencoded"
    assert post(urlencode(form).encode(), None, content_type=kind) == 200
    assert post(urlencode(form | {"cms_aff": "1.00"}).encode(), None, content_type=kind) == 200
    event = stored()
    assert (event.event, event.transaction, event.buyer_email) == (
        "V1_APPROVED",
        "HP9600000001",
        "legado.ficticio@example.com",
    )
    assert TOKEN not in json.dumps(event.payload)
    assert post(urlencode(form | {"status": "refunded"}).encode(), None, content_type=kind) == 200
    assert PaymentEvent.objects.count() == 2


def test_a_chunked_body_that_the_server_ends_is_read_and_bounded(rf: RequestFactory) -> None:
    def post_chunked(raw: bytes) -> int:
        request = rf.post(URL, headers={"X-HOTMART-HOTTOK": TOKEN})
        del request.META["CONTENT_LENGTH"]
        request.META |= {"wsgi.input_terminated": True, "wsgi.input": BytesIO(raw)}
        return webhooks.hotmart(request).status_code

    assert post_chunked(json.dumps(payload("PURCHASE_APPROVED")).encode()) == 200
    assert stored().payload == payload("PURCHASE_APPROVED")
    assert post_chunked(b"x" * (257 * 1024)) == 413


def test_a_refused_post_logs_neither_token_nor_body(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        post(payload("PURCHASE_APPROVED"), "um-token-errado")
    text = " ".join(str(vars(record)) for record in caplog.records)
    assert "hotmart.refused" in text
    assert "um-token-errado" not in text
    assert "compradora" not in text
