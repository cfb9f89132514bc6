"""Where Hotmart posts its events: authenticate, store, answer. Everything else happens after the answer.

A business problem is never an error status: Hotmart switches a configuration off that answers errors (contract §1).
"""

from __future__ import annotations

import logging
from hmac import compare_digest

from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from accounts import clock
from billing.domain.envelope import Body, read_body
from billing.services import inbox
from billing.tasks import process_payment_events

logger = logging.getLogger(__name__)

MOST_BYTES = 256 * 1024
NUDGE_EXPIRES_S = 30  # beat has come by many times by then
TOKEN_HEADER = "X-HOTMART-HOTTOK"  # noqa: S105 (the name of the header)


@csrf_exempt
def hotmart(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        response = _answer(405, "method_not_allowed")
        response["Allow"] = "POST"
        return response
    header = request.headers.get(TOKEN_HEADER)
    if header is not None and not _is_ours(header):  # refused before the body is read
        return _refuse("header")
    try:
        raw = _read(request)
    except OSError:  # the sender hung up
        return _answer(400, "incomplete")
    if len(raw) > MOST_BYTES:
        return _answer(413, "too_large")
    body = read_body(raw, tokens=settings.HOTMART_HOTTOKS)
    if header is None and not _is_ours(body.token):
        return _refuse("body")
    return _store(body)


def _read(request: HttpRequest) -> bytes:
    """The body, one byte more than allowed at most. Django reads no body without a length; the server ends a chunked one."""
    if "CONTENT_LENGTH" not in request.META and request.META.get("wsgi.input_terminated"):
        chunked: bytes = request.META["wsgi.input"].read(MOST_BYTES + 1)
        return chunked
    return request.read(MOST_BYTES + 1)


def _store(body: Body) -> HttpResponse:
    try:
        inbox.store(body, now=clock.now())
    except DatabaseError as error:
        logger.error("hotmart.inbox_unavailable", extra={"error": type(error).__name__})
        return _answer(503, "unavailable")
    _nudge()
    return _answer(200, "ok")


def _nudge() -> None:
    """Wake a worker once the row is committed. Beat finds it anyway: a broker that is down is no reason to answer an error."""
    transaction.on_commit(_publish)


def _publish() -> None:
    try:
        process_payment_events.apply_async(expires=NUDGE_EXPIRES_S, retry=False)
    except Exception as error:  # noqa: BLE001 (whatever the broker's client raises)
        logger.warning("hotmart.nudge_failed", extra={"error": type(error).__name__})


def _is_ours(token: str) -> bool:
    """Whether the token is one of ours (the current and a previous one), in a time that tells nothing about them."""
    given = token.encode("utf-8", "surrogateescape")
    matches = [compare_digest(given, known.encode()) for known in settings.HOTMART_HOTTOKS if known]
    return any(matches)


def _refuse(place: str) -> HttpResponse:
    logger.warning("hotmart.refused", extra={"place": place})
    return _answer(401, "unauthorized")


def _answer(status: int, word: str) -> HttpResponse:
    return JsonResponse({"status": word}, status=status)
