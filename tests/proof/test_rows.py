from __future__ import annotations

import datetime as dt
import random

import pytest
from django.db.models import F

from campaigns.models import CampaignMessage, SendLane
from campaigns.services.reconcile import reconcile_counters
from leads_infinitos.portal.proof.books import Line
from leads_infinitos.portal.proof.ledger import read_ledger
from leads_infinitos.portal.proof.plan import make_plan
from leads_infinitos.portal.proof.reconcile import reconcile
from leads_infinitos.portal.proof.rows import ForeignDatabase, Instance, check_database, make_rows, open_lanes
from tests.campaigns.rows import NOW, make_sender

pytestmark = pytest.mark.django_db


def write(sends: int = 30) -> None:
    plan = make_plan(sends=sends, rng=random.Random(1))
    count = sum(len(account.lanes) for account in plan)
    instances = [Instance("http://127.0.0.1:9/mega", f"k{number}", f"t{number}") for number in range(count)]
    make_rows(plan, instances, now=NOW)


def test_an_empty_database_may_be_used() -> None:
    check_database()


def test_a_database_with_somebodys_account_is_refused() -> None:
    make_sender(name="Padaria Sol")

    with pytest.raises(ForeignDatabase):
        write()
    assert not CampaignMessage.objects.exists()


def test_a_database_of_an_earlier_proof_may_be_used_again() -> None:
    write()

    check_database()


def test_every_text_names_its_own_row() -> None:
    write()

    for message in CampaignMessage.objects.all():
        assert Line("", "", message.body).owner() == (message.account_id, message.pk)


def test_counters_and_books_agree_before_anything_is_sent() -> None:
    write()

    books = read_ledger(at_rest=True)

    assert reconcile_counters(repair=False) == []
    assert books.open_count() == len(books.messages) == CampaignMessage.objects.count()
    assert set(reconcile(books, []).why) == {"left_behind"}


def test_nothing_is_due_before_the_lanes_are_opened() -> None:
    write()
    assert not SendLane.objects.filter(not_before__lte=NOW).exists()

    open_lanes(now=NOW)

    latest = NOW + max(dt.timedelta(seconds=lane.gap_min_s) for lane in SendLane.objects.all())
    assert not SendLane.objects.exclude(wake_at=F("not_before"), not_before__lt=latest).exists()
    assert SendLane.objects.filter(not_before=NOW).exists()
