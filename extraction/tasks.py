"""What Celery wakes the leads app for."""

from __future__ import annotations

from celery import shared_task

from accounts import clock
from extraction.services import imports
from leads_infinitos.celery import stopping


@shared_task(ignore_result=True)
def run_imports() -> int:
    """Run the imports that wait; how many. Safe to run twice at once, late, or not at all for a while."""
    return imports.run_due(now=clock.now(), keep_going=lambda: not stopping.is_set())
