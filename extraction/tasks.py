"""What Celery wakes the leads app for."""

from __future__ import annotations

from functools import partial

from celery import shared_task
from django.db import transaction

from accounts import clock
from extraction.services import imports
from leads_infinitos.celery import stopping

NUDGE_EXPIRES_S = 5.0  # by then beat has asked for the same work


@shared_task(ignore_result=True)
def run_imports() -> int:
    """Run the imports that wait; how many. Safe to run twice at once, late, or not at all for a while."""
    return imports.run_due(now=clock.now(), keep_going=lambda: not stopping.is_set())


def wake_imports() -> None:
    """Have the import that this transaction stores run at once; without a broker, beat finds it within its next tick."""
    transaction.on_commit(partial(run_imports.apply_async, expires=NUDGE_EXPIRES_S, retry=False), robust=True)
