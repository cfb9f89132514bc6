"""What Celery wakes accounts for."""

from __future__ import annotations

from celery import shared_task

from accounts import clock
from accounts.services import outbox


@shared_task(ignore_result=True)
def send_outbox() -> int:
    """Send the e-mails that are due; how many left. Safe to run twice at once, late, or not at all for a while."""
    return outbox.send_due(now=clock.now())
