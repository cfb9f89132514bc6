"""Writes the schedule of `leads_infinitos.celery.BEAT` to django-celery-beat's tables, where an operator may edit it."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from leads_infinitos.celery import Beat


def sync_schedule(schedule: Mapping[str, Beat]) -> int:
    """Create what is missing; give what exists the task and text of this version. Returns how many rows were written.

    Interval, expiry and whether it is enabled belong to the operator once the row exists. Rows that the schedule does not
    name may be the operator's own and stay.
    """
    with transaction.atomic():
        existing = {row.name: row for row in PeriodicTask.objects.filter(name__in=schedule)}
        return sum(
            _refresh(existing[name], beat) if name in existing else _create(name, beat)
            for name, beat in schedule.items()
        )


def _create(name: str, beat: Beat) -> int:
    # Nothing in the table keeps an interval unique, so get_or_create could meet two.
    period = {"every": beat.every_s, "period": IntervalSchedule.SECONDS}
    interval = IntervalSchedule.objects.filter(**period).first() or IntervalSchedule.objects.create(**period)
    PeriodicTask.objects.create(
        name=name, task=beat.task, description=beat.purpose, interval=interval, expire_seconds=beat.expires_s
    )
    return 1


def _refresh(row: PeriodicTask, beat: Beat) -> int:
    if (row.task, row.description) == (beat.task, beat.purpose):
        return 0
    row.task, row.description = beat.task, beat.purpose
    row.save()  # not an update: saving tells a running beat that the schedule changed
    return 1
