"""Where WhatsApp gateways post what happens to a number: authenticate, store, answer. Everything else happens after.

Events come unsigned and once (the vendor retries nothing), so the address holds a secret, the body must name the
connection's own instance, and nothing but a database that is down makes us lose one.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.db import DatabaseError, OperationalError, transaction
from django.db import connection as database
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from accounts import clock
from campaigns.gateways.registry import gateway_for
from campaigns.models import Connection
from campaigns.services import inbound
from campaigns.tasks import process_gateway_events
from leads_infinitos.kernel import crypto

logger = logging.getLogger("campaigns")

T = TypeVar("T")
MOST_BYTES = 2 * 1024 * 1024
NUDGE_EXPIRES_S = 30  # beat has come by many times by then


@csrf_exempt
def whatsapp(request: HttpRequest, secret: str) -> HttpResponse:
    request.path = "/webhooks/whatsapp/***/"  # what Django logs of a refused or broken request
    if request.method != "POST":
        response = _answer(405, "method_not_allowed")
        response["Allow"] = "POST"
        return response
    try:
        connection = _on_live_database(lambda: _connection_of(secret))
    except DatabaseError as error:
        return _unavailable(error)
    if connection is None:
        return _answer(404, "unknown")
    try:
        raw = request.read(MOST_BYTES + 1)
    except UnreadablePostError:  # the sender hung up
        return _answer(400, "incomplete")
    if len(raw) > MOST_BYTES:
        return _refuse(connection, 413, "too_large")
    body = _json(raw)
    if body is None:
        return _refuse(connection, 400, "unreadable")
    named = gateway_for(connection.gateway).instance_key_of(body)
    if not crypto.same(named.encode("utf-8", "replace").decode(), connection.instance_key):
        return _refuse(connection, 401, "unauthorized")
    return _store(connection, body)


def _connection_of(secret: str) -> Connection | None:
    digest = crypto.digest("webhook", secret, key=settings.SECRET_KEY)
    return Connection.objects.filter(webhook_digest=digest, archived_at__isnull=True).first()


def _on_live_database(work: Callable[[], T]) -> T:
    """What `work` gives; done again when the server closed our connection meanwhile, as its restart does. Nobody posts the
    event a second time.
    """
    try:
        return work()
    except OperationalError:
        database.close_if_unusable_or_obsolete()
        if database.connection is not None:  # it lives: the trouble is another
            raise
        return work()


def _json(raw: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _store(connection: Connection, body: dict[str, Any]) -> HttpResponse:
    try:
        urgent = _on_live_database(lambda: inbound.store(connection=connection, body=body, now=clock.now()))
    except RecursionError:
        return _refuse(connection, 400, "unreadable")
    except DatabaseError as error:
        return _unavailable(error)
    if urgent:  # somebody may ask to stop; receipts wait for beat's next tick
        transaction.on_commit(_nudge)
    return _answer(200, "ok")


def _unavailable(error: DatabaseError) -> HttpResponse:
    logger.error("webhook.inbox_unavailable", extra={"error": type(error).__name__})
    return _answer(503, "unavailable")


def _nudge() -> None:
    """Wake a worker. Beat finds the event anyway: a broker that is down is no reason to answer an error."""
    try:
        process_gateway_events.apply_async(expires=NUDGE_EXPIRES_S, retry=False)
    except Exception as error:  # noqa: BLE001 (whatever the broker's client raises)
        logger.warning("webhook.nudge_failed", extra={"error": type(error).__name__})


def _refuse(connection: Connection, status: int, word: str) -> HttpResponse:
    logger.warning("webhook.refused", extra={"connection_id": connection.pk, "why": word})
    return _answer(status, word)


def _answer(status: int, word: str) -> HttpResponse:
    return JsonResponse({"status": word}, status=status)
