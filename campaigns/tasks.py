"""What beat wakes. Each task may run twice, late, or not at all for a while: the rows say what is due."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings

from accounts import clock
from campaigns.services import audience, connections, lifecycle, pump, reconcile, rescue, sweep

PUMP_EXPIRES_S = 2.0


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
def rescue_expired_leases() -> None:
    rescue.rescue_expired(now=clock.now())


@shared_task(ignore_result=True)
def poll_connections() -> None:
    connections.poll_due(now=clock.now())


@shared_task(ignore_result=True)
def reconcile_counters() -> None:
    reconcile.reconcile_counters()
