"""What beat wakes: the inbox and the licence clock. Both may run twice, late or side by side."""

from __future__ import annotations

import logging
import time

from celery import shared_task

from accounts import clock
from billing.services import inbox, licence

logger = logging.getLogger(__name__)

INBOX_BUDGET_S = 20  # then the next tick goes on
CLOCK_BATCHES = 20


@shared_task(ignore_result=True)
def process_payment_events() -> None:
    """Process the payment events that are due."""
    ends = time.monotonic() + INBOX_BUDGET_S
    results = inbox.process_due(now=clock.now(), within=lambda: time.monotonic() < ends)
    if results:
        logger.info("hotmart.processed", extra={word or "taken": number for word, number in results.items()})


@shared_task(ignore_result=True)
def run_licence_clock() -> None:
    """Recompute the licences that the passing of time has changed."""
    now = clock.now()
    for _ in range(CLOCK_BATCHES):
        if licence.run_clock(now=now) < licence.CLOCK_BATCH:
            break
