"""What beat wakes. Each task may run twice, late, or not at all for a while: the rows say what is due."""

from __future__ import annotations

import logging
import time

from celery import shared_task
from django.conf import settings

from accounts import clock
from campaigns.errors import PhoneTaken
from campaigns.models import Connection
from campaigns.services import (
    audience,
    connections,
    failover,
    inbound,
    lifecycle,
    pump,
    reconcile,
    rescue,
    sweep,
    watchdog,
    webhook_setup,
)

logger = logging.getLogger("campaigns")

PUMP_EXPIRES_S = 2.0
INBOX_BUDGET_S = 20  # then the next tick goes on
POLL_EXPIRES_S = 60  # by then beat has polled it


@shared_task(ignore_result=True)
def pump_lanes() -> None:
    run = pump.run(budget_s=settings.PUMP_BUDGET_S)
    if run.batch_was_full:  # more is due: let another process join
        pump_lanes.apply_async(expires=PUMP_EXPIRES_S)


@shared_task(ignore_result=True)
def start_due_campaigns() -> None:
    lifecycle.start_due(now=clock.now())


@shared_task(ignore_result=True)
def materialise_audiences() -> None:
    audience.materialise_started(now=clock.now())


@shared_task(ignore_result=True)
def cancel_queued_messages() -> None:
    lifecycle.cancel_queued(now=clock.now())


@shared_task(ignore_result=True)
def finish_campaigns() -> None:
    lifecycle.finish_done(now=clock.now())


@shared_task(ignore_result=True)
def wake_sleeping_lanes() -> None:
    sweep.wake_sleeping(now=clock.now())


@shared_task(ignore_result=True)
def redeal_lost_numbers() -> None:
    failover.redeal_lost(now=clock.now())


@shared_task(ignore_result=True)
def watch_campaigns() -> None:
    watchdog.watch(now=clock.now())


@shared_task(ignore_result=True)
def rescue_expired_leases() -> None:
    rescue.rescue_expired(now=clock.now())


@shared_task(ignore_result=True)
def poll_connections() -> None:
    connections.poll_due(now=clock.now())


@shared_task(ignore_result=True)
def reconcile_counters() -> None:
    reconcile.reconcile_counters()


@shared_task(ignore_result=True)
def process_gateway_events() -> None:
    """Work on what gateways told us; a number whose session may have changed is asked for its state by another task."""
    ends = time.monotonic() + INBOX_BUDGET_S
    run = inbound.process_due(now=clock.now(), within=lambda: time.monotonic() < ends)
    if run.results:
        logger.info("gateway_events.worked_on", extra=dict(run.results))
    for connection_id in sorted(run.changed):
        poll_connection.apply_async((connection_id,), expires=POLL_EXPIRES_S)


@shared_task(ignore_result=True)
def poll_connection(connection_id: int) -> None:
    """Ask one gateway for the state of a number now."""
    connection = Connection.objects.filter(pk=connection_id, archived_at__isnull=True).select_related("lane").first()
    if connection is not None:
        try:
            connections.check_connection(connection=connection, now=clock.now())
        except PhoneTaken:
            logger.warning("connection.phone_taken", extra={"connection_id": connection_id})


@shared_task(ignore_result=True)
def set_webhooks() -> None:
    webhook_setup.set_due(now=clock.now())


@shared_task(ignore_result=True)
def prune_gateway_events() -> None:
    while inbound.prune(now=clock.now()) == inbound.PRUNE_BATCH:
        pass
