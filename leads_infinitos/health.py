"""`/healthz`: the process answers. `/readyz`: what it needs answers too, else 503 and the names of the parts that do not."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable

import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Min, Q
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import clock
from campaigns.models import SendLane
from campaigns.services import restore_guard

logger = logging.getLogger(__name__)

HEARTBEAT_KEY = "worker-heartbeat"
HEARTBEAT_MAX_AGE_S = 60  # the tick comes every 2 s
QUEUE_MAX_AGE_S = 120  # a due lane is looked at within about 2 s (docs/sending.md)
BROKER_TIMEOUT_S = 2


class NotReady(Exception):
    """A part works, but not well enough; the text says what was measured."""


def note_heartbeat() -> None:
    """Remember that a worker did what beat asked for just now. The embedded worker shares the cache's memory with the portal."""
    cache.set(HEARTBEAT_KEY, time.time(), timeout=None)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    failing = {name: problem for name, check in CHECKS.items() if (problem := _problem(name, check)) is not None}
    if not failing:
        return JsonResponse({"status": "ready"})
    response = JsonResponse({"status": "not_ready", "failing": failing}, status=503)
    # As Django's log_response does: else each poll logs an error, and this answer is none.
    vars(response)["_has_been_logged"] = True
    return response


def _problem(name: str, check: Callable[[], None]) -> str | None:
    try:
        check()
    except NotReady as problem:
        return str(problem)
    except Exception as error:  # noqa: BLE001 (whatever a part raises, it is not ready)
        # The address in a driver's message may hold a password: the answer is public, the class is enough.
        logger.warning("readyz.failed", extra={"part": name, "error": type(error).__name__})
        return type(error).__name__
    return None


def _check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _check_broker() -> None:
    if settings.EMBEDDED:
        return  # the memory of this process
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_connect_timeout=BROKER_TIMEOUT_S, socket_timeout=BROKER_TIMEOUT_S
    )
    with client:
        client.ping()


def _check_queue() -> None:
    """A lane that is due and free, and that nobody looked at for long: no sender is at work."""
    now = clock.now()
    free = Q(in_flight_token__isnull=True) | Q(in_flight_until__lt=now)
    due = SendLane.objects.filter(free, wake_at__lte=now)
    oldest: dt.datetime | None = due.aggregate(oldest=Min("wake_at"))["oldest"]
    age_s = (now - oldest).total_seconds() if oldest else 0
    if age_s > QUEUE_MAX_AGE_S:
        raise NotReady(f"oldest due lane waits for {age_s:.0f} s")


def _check_worker() -> None:
    seen: float | None = cache.get(HEARTBEAT_KEY)
    if seen is None:
        raise NotReady("no heartbeat yet")
    age_s = time.time() - seen
    if age_s > HEARTBEAT_MAX_AGE_S:
        raise NotReady(f"last heartbeat {age_s:.0f} s ago")


def _check_restore_guard() -> None:
    """A database that was restored or copied: nothing is sent until an operator confirms it."""
    if stop := restore_guard.look().stop:
        raise NotReady(str(stop))


CHECKS: dict[str, Callable[[], None]] = {
    "database": _check_database,
    "broker": _check_broker,
    "queue": _check_queue,
    "worker": _check_worker,
    "restore_guard": _check_restore_guard,
}
