from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import RequestFactory
from django.utils import timezone

from leads_infinitos import health
from leads_infinitos.portal.tasks import beat_heartbeat
from tests.campaigns.rows import make_connection, make_sender


@pytest.fixture(autouse=True)
def _own_heartbeat() -> Iterator[None]:
    cache.delete(health.HEARTBEAT_KEY)
    yield
    cache.delete(health.HEARTBEAT_KEY)


def ready() -> tuple[int, dict[str, Any]]:
    response = health.readyz(RequestFactory().get("/readyz"))
    return response.status_code, json.loads(response.content)


def test_alive_needs_no_database() -> None:
    response = health.healthz(RequestFactory().get("/healthz"))

    assert (response.status_code, json.loads(response.content)) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_ready_once_the_worker_has_done_what_beat_asked() -> None:
    before, problems = ready()
    beat_heartbeat()

    assert (before, list(problems["failing"])) == (503, ["worker"])
    assert ready() == (200, {"status": "ready"})


@pytest.mark.django_db
def test_an_old_heartbeat_is_not_ready() -> None:
    cache.set(health.HEARTBEAT_KEY, time.time() - 61, timeout=None)

    code, problems = ready()

    assert code == 503
    assert problems["failing"]["worker"].startswith("last heartbeat 61")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("overdue_s", "in_flight", "expected"), [(130, False, 503), (60, False, 200), (130, True, 200)]
)
def test_a_due_lane_that_nobody_serves_is_not_ready(overdue_s: int, in_flight: bool, expected: int) -> None:
    now = timezone.now()
    flight: dict[str, Any] = (
        {"in_flight_token": "t", "in_flight_until": now + dt.timedelta(seconds=30)} if in_flight else {}
    )
    make_connection(make_sender(), wake_at=now - dt.timedelta(seconds=overdue_s), **flight)
    beat_heartbeat()

    code, problems = ready()

    assert code == expected
    assert list(problems.get("failing", {})) == (["queue"] if expected == 503 else [])


@pytest.mark.django_db
def test_a_part_that_raises_is_named_without_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise ConnectionError("redis://:secret@example.com is down")

    beat_heartbeat()
    monkeypatch.setitem(health.CHECKS, "broker", refuse)

    assert ready() == (503, {"status": "not_ready", "failing": {"broker": "ConnectionError"}})
