from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from campaigns import webhooks
from campaigns.models import Connection, GatewayEvent
from campaigns.services import inbound, webhook_setup
from campaigns.tasks import process_gateway_events
from leads_infinitos.kernel import crypto
from tests.campaigns.posted import ack, session, written
from tests.campaigns.rows import make_connection, make_sender

pytestmark = pytest.mark.django_db
SECRET = "s3cr3t-of-the-address"
PHONE = "+5511987654321"


@pytest.fixture
def connection() -> Connection:
    row = make_connection(make_sender())
    row.webhook_secret = SECRET
    row.webhook_digest = crypto.digest("webhook", SECRET, key=django_settings.SECRET_KEY)
    row.save(update_fields=["webhook_secret", "webhook_digest"])
    return row


@pytest.fixture(autouse=True)
def nudges(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was published to wake a worker."""
    published: list[dict[str, Any]] = []
    monkeypatch.setattr(process_gateway_events, "apply_async", lambda **options: published.append(options))
    return published


def post(body: Any, *, url: str = f"/webhooks/whatsapp/{SECRET}/") -> int:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client(enforce_csrf_checks=True).post(url, data, content_type="application/json").status_code


def of(connection: Connection, body: dict[str, Any]) -> dict[str, Any]:
    return {"instance_key": connection.instance_key, **body}


@pytest.mark.parametrize("url", [f"/webhooks/whatsapp/{SECRET}", f"/webhooks/whatsapp/{SECRET}/"])
def test_an_event_is_stored_once_without_the_instance_key(connection: Connection, url: str) -> None:
    body = of(connection, ack("ID-1", 3, phone=PHONE))
    assert [post(body, url=url), post(body, url=url)] == [200, 200]
    event = GatewayEvent.objects.get()
    assert event.body == {**body, "instance_key": "***"}
    assert (event.account_id, event.connection_id) == (connection.account_id, connection.pk)
    assert (event.kind, event.gateway_message_id, event.status) == ("ack", "ID-1", "pending")


def test_the_address_that_the_gateway_is_told_is_the_one_that_answers(
    connection: Connection, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://app.example.com"
    path = reverse("whatsapp-webhook", args=[SECRET])
    assert webhook_setup.address_of(connection) == f"https://app.example.com{path}"


def test_an_unknown_secret_is_404_and_so_is_that_of_a_removed_number(connection: Connection) -> None:
    body = of(connection, ack("ID-1"))
    assert post(body, url="/webhooks/whatsapp/outro/") == 404
    Connection.objects.update(archived_at=dt.datetime.now(dt.UTC))
    assert post(body) == 404
    assert not GatewayEvent.objects.exists()


@pytest.mark.parametrize("key", ["outra", "", None, 7, {"key": "x"}, "instance-\ud800"])
def test_a_body_of_another_instance_is_refused(connection: Connection, key: Any) -> None:
    assert post({**ack("ID-1"), "instance_key": key}) == 401
    assert post(ack("ID-1")) == 401
    assert not GatewayEvent.objects.exists()


@pytest.mark.parametrize("raw", [b"", b"nada", b"[]", b'"texto"', b"\xff\xfe", b'{"a":' * 5000, b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(connection: Connection, raw: bytes) -> None:
    assert post(raw) == 400


def test_a_body_nested_beyond_sense_is_refused(connection: Connection) -> None:
    deep = '{"data":' * 900 + "{}" + "}" * 900
    assert post(f'{{"instance_key": "{connection.instance_key}", "x": {deep}}}'.encode()) == 400
    assert not GatewayEvent.objects.exists()


def test_two_megabytes_are_taken_and_more_is_refused(connection: Connection) -> None:
    body = of(connection, written("oi", phone=PHONE))
    room = webhooks.MOST_BYTES - len(json.dumps({**body, "thumbnail": ""}))
    assert post({**body, "thumbnail": "x" * (room + 1)}) == 413
    assert post({**body, "thumbnail": "x" * room}) == 200


def test_only_posts_are_taken(connection: Connection) -> None:
    answer = Client().get(f"/webhooks/whatsapp/{SECRET}/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_what_no_database_takes_is_cleaned(connection: Connection) -> None:
    raw = json.dumps(of(connection, written("o\x00i \ud800", phone=PHONE)))
    assert post(raw.replace('"fromMe": false', '"fromMe": false, "n": NaN, "i": 1e999').encode()) == 200
    body = GatewayEvent.objects.get().body
    assert body["message"]["conversation"] == "oi ?"
    assert (body["key"]["n"], body["key"]["i"]) == (None, None)


def test_the_instance_key_is_blotted_out_wherever_it_stands(connection: Connection) -> None:
    post(of(connection, {**written("oi", phone=PHONE), "server": f"wss://x/{connection.instance_key}/y"}))
    assert connection.instance_key not in json.dumps(GatewayEvent.objects.get().body)


def test_conversations_of_groups_leave_no_content(connection: Connection) -> None:
    assert post(of(connection, written("segredo", remoteJid="1203630@g.us"))) == 200
    event = GatewayEvent.objects.get()
    assert (event.status, event.reason, event.body, event.try_at) == ("ignored", "group", {}, None)


def test_several_events_of_one_body_are_stored_apart(connection: Connection) -> None:
    assert post(of(connection, {"messages": [ack("A", 2), ack("B", 3), {"key": {}}]})) == 200
    assert sorted(GatewayEvent.objects.values_list("gateway_message_id", flat=True)) == ["", "A", "B"]


def test_only_what_cannot_wait_for_beat_wakes_a_worker(
    connection: Connection, nudges: list[dict[str, Any]], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        post(of(connection, ack("ID-1")))
        assert nudges == []
        post(of(connection, written("SAIR", phone=PHONE)))
        post(of(connection, session()))
    assert len(nudges) == 2


def test_a_broker_that_is_down_is_no_reason_to_answer_an_error(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def down(**options: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(process_gateway_events, "apply_async", down)
    with django_capture_on_commit_callbacks(execute=True):
        assert post(of(connection, session())) == 200


def test_a_database_that_is_down_is_said_so(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(**arguments: Any) -> bool:
        raise DatabaseError("the row's values")

    monkeypatch.setattr(inbound, "store", down)
    assert post(of(connection, ack("ID-1"))) == 503


def test_nothing_of_the_address_or_the_body_is_logged(connection: Connection, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        post(of(connection, written("meu segredo", phone=PHONE)))
        post({**written("meu segredo", phone=PHONE), "instance_key": "chave-errada"})
        post(b"meu segredo")
        post(b"x" * (webhooks.MOST_BYTES + 1))
        post({}, url="/webhooks/whatsapp/endereco-antigo/")
        process_gateway_events()
    logged = " ".join(
        str(vars(record)) + record.getMessage() for record in caplog.records if "request" not in vars(record)
    )
    logged += " ".join(record.getMessage() for record in caplog.records)
    assert "webhook.refused" in logged
    for private in (SECRET, "endereco-antigo", "segredo", "chave-errada", connection.instance_key, PHONE, PHONE[1:]):
        assert private not in logged


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(database.vendor != "postgresql", reason="SQLite has no sessions that a server could end")
@pytest.mark.parametrize("step", ["_connection_of", "_store"])
def test_an_event_survives_a_restart_of_the_database(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    inner = getattr(webhooks, step)
    ended: list[int] = []

    def after_the_end_of_the_session(*args: Any) -> Any:
        if not ended:
            ended.append(end_this_session())
        return inner(*args)

    monkeypatch.setattr(webhooks, step, after_the_end_of_the_session)

    assert post(of(connection, ack("ID-1"))) == 200
    assert ended
    assert GatewayEvent.objects.count() == 1


def end_this_session() -> int:
    """What a restart of PostgreSQL does to the session of the request."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = int(cursor.fetchone()[0])
    with psycopg.connect(**database.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])
    return pid


def test_a_database_that_is_down_answers_503_before_anything_is_read(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(secret: str) -> Connection:
        raise DatabaseError

    monkeypatch.setattr(webhooks, "_connection_of", refuse)

    assert post(of(connection, ack("ID-1"))) == 503
