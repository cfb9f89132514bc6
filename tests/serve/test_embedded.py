from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaigns.services import pump
from leads_infinitos import embedded
from leads_infinitos.celery import stopping


@pytest.fixture(autouse=True)
def _not_stopping() -> Iterator[None]:
    yield
    stopping.clear()
    pump.stopping.clear()


def test_the_sender_hears_at_once_that_the_process_will_stop() -> None:
    embedded.begin_stop()

    assert pump.stopping.is_set()
    assert stopping.is_set()


def test_stopping_what_does_not_run_does_nothing() -> None:
    embedded.stop()

    assert not pump.stopping.is_set()
