from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import RequestFactory

from leads_infinitos import health
from leads_infinitos.portal.tasks import beat_heartbeat


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
def test_a_part_that_raises_is_named_without_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise ConnectionError("redis://:secret@example.com is down")

    beat_heartbeat()
    monkeypatch.setitem(health.CHECKS, "broker", refuse)

    assert ready() == (503, {"status": "not_ready", "failing": {"broker": "ConnectionError"}})
