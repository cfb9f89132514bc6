"""Plans for every test that may use the database: a transactional test ends by emptying all tables."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.factories import make_plans


@pytest.fixture(autouse=True)
def _five_plans(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(request.fixturenames):
        request.getfixturevalue("_django_db_helper")
        make_plans()


@pytest.fixture
def now() -> dt.datetime:
    """A moment inside the first period of the example subscription FAKE0001 (2026-10-05 to 2026-11-05, 12:00 UTC)."""
    return dt.datetime(2026, 10, 6, 12, tzinfo=dt.UTC)
