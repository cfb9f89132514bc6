from __future__ import annotations

import pytest
from django_celery_beat.models import PeriodicTask

from leads_infinitos.beat import sync_schedule
from leads_infinitos.celery import BEAT, Beat

pytestmark = pytest.mark.django_db

SCHEDULE = {"tick": Beat("campaigns.tasks.pump_lanes", 1, "Envia", expires_s=2)}


def test_an_empty_table_gets_every_line_of_the_schedule() -> None:
    PeriodicTask.objects.all().delete()

    assert sync_schedule(BEAT) == len(BEAT)

    pump = PeriodicTask.objects.get(name="pump")
    assert (pump.task, pump.interval.every, pump.interval.period) == ("campaigns.tasks.pump_lanes", 1, "seconds")
    assert (pump.expire_seconds, pump.description) == (2, BEAT["pump"].purpose)


def test_running_it_again_writes_nothing() -> None:
    sync_schedule(SCHEDULE)

    assert sync_schedule(SCHEDULE) == 0


def test_what_an_operator_edited_survives() -> None:
    sync_schedule({**SCHEDULE, "slow": Beat("accounts.tasks.send_outbox", 7, "Devagar")})
    row = PeriodicTask.objects.get(name="tick")
    row.enabled, row.interval, row.expire_seconds = False, PeriodicTask.objects.get(name="slow").interval, 9
    row.save()

    sync_schedule(SCHEDULE)

    row.refresh_from_db()
    assert (row.enabled, row.interval.every, row.expire_seconds) == (False, 7, 9)


def test_a_renamed_task_reaches_an_existing_row() -> None:
    sync_schedule(SCHEDULE)

    assert sync_schedule({"tick": Beat("campaigns.tasks.other", 1, "Outra coisa")}) == 1

    row = PeriodicTask.objects.get(name="tick")
    assert (row.task, row.description) == ("campaigns.tasks.other", "Outra coisa")


def test_rows_of_an_operator_stay() -> None:
    sync_schedule(SCHEDULE)
    interval = PeriodicTask.objects.get(name="tick").interval
    PeriodicTask.objects.create(name="mine", task="campaigns.tasks.pump_lanes", interval=interval)

    sync_schedule(SCHEDULE)

    assert PeriodicTask.objects.filter(name="mine").exists()
