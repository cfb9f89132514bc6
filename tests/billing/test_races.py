from __future__ import annotations

import datetime as dt
import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.models import Account, OutboxEmail
from billing.domain.envelope import read_body
from billing.models import Licence, Payment, PaymentEvent, SendAllowance
from billing.services import inbox, plans, purchases
from tests.billing.factories import load_example_catalogue, make_account, payload

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.billing.urls")]

TOKEN = "token-de-teste"
THREADS = 4


def together(work: Callable[[int], Any], count: int = THREADS) -> list[Any]:
    """What `work` returns in each of `count` threads that start at the same moment; the first error is raised here."""
    gate = threading.Barrier(count)
    results: list[Any] = []
    errors: list[BaseException] = []

    def run(number: int) -> None:
        gate.wait()
        try:
            results.append(work(number))
        except BaseException as error:  # noqa: BLE001 (raised again in the test's own thread)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def put(*bodies: dict[str, Any], now: dt.datetime) -> None:
    for body in bodies:
        inbox.store(read_body(json.dumps(body).encode()), now=now)


def test_one_event_posted_at_once_is_stored_once(settings: Settings) -> None:
    settings.HOTMART_HOTTOKS = [TOKEN]

    def post(number: int) -> int:
        headers = {"X-HOTMART-HOTTOK": TOKEN}
        body = json.dumps(payload("PURCHASE_APPROVED"))
        return Client().post("/webhooks/hotmart/", body, content_type="application/json", headers=headers).status_code

    assert together(post) == [200] * THREADS
    assert PaymentEvent.objects.count() == 1


def test_processors_at_once_work_on_an_event_once(now: dt.datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    load_example_catalogue(now=now)
    put(*(payload("PURCHASE_APPROVED", id=str(number)) for number in range(12)), now=now)
    worked: list[int] = []

    def counted(**kwargs: Any) -> purchases.Outcome:
        worked.append(kwargs["event"].pk)
        return purchases.record_purchase(**kwargs)

    monkeypatch.setattr(inbox, "record_purchase", counted)
    monkeypatch.setattr(inbox, "BATCH", 2)
    results: Counter[str] = sum(together(lambda number: inbox.process_due(now=now)), Counter())
    assert results == {"processed": 12}
    assert len(worked) == len(set(worked)) == 12


def test_two_processors_with_the_same_claim_work_on_it_once(now: dt.datetime) -> None:
    load_example_catalogue(now=now)
    put(payload("PURCHASE_APPROVED"), now=now)
    event_id = PaymentEvent.objects.get().pk
    results = together(lambda number: inbox._process(event_id, now))
    assert sorted(results) == [""] * (THREADS - 1) + ["processed"]


def test_two_purchases_of_a_new_buyer_at_once_make_one_account(now: dt.datetime) -> None:
    load_example_catalogue(now=now)
    bodies = [
        payload(
            "PURCHASE_APPROVED",
            id=str(number),
            data__purchase__transaction=f"HP{number}",
            data__subscription__subscriber__code=f"CODE{number}",
        )
        for number in range(THREADS)
    ]
    put(*bodies, now=now)
    ids = list(PaymentEvent.objects.values_list("pk", flat=True))
    assert together(lambda number: inbox._process(ids[number], now)) == ["processed"] * THREADS
    assert (Account.objects.count(), OutboxEmail.objects.count(), Payment.objects.count()) == (1, 1, THREADS)
    assert Licence.objects.get().state == "active"


def test_events_of_one_subscription_at_once_end_in_the_sum_of_their_facts() -> None:
    late = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    load_example_catalogue(now=late)
    names = ("PURCHASE_APPROVED", "PURCHASE_APPROVED.renewal", "PURCHASE_COMPLETE", "PURCHASE_PROTEST")
    put(*(payload(name) for name in names), now=late)
    ids = list(PaymentEvent.objects.values_list("pk", flat=True))
    together(lambda number: inbox._process(ids[number], late))
    inbox.process_due(now=late + dt.timedelta(minutes=5))  # a first one that lost the race for the new rows tries again
    licence = Licence.objects.get()
    assert (licence.state, licence.access_until) == ("disputed", dt.datetime(2026, 12, 5, 12, tzinfo=dt.UTC))
    assert Account.objects.count() == 1


def test_grants_at_once_end_in_the_best_of_them(now: dt.datetime) -> None:
    account = make_account()
    slugs = ["starter", "scale", "pro", "teste"]
    together(
        lambda number: plans.change_plan(
            account=account, plan=slugs[number], until=None, reason="corrida", by=None, now=now
        )
    )
    assert SendAllowance.objects.get(account=account).numbers == 4


def test_edits_of_a_plan_at_once_leave_one_current_version(now: dt.datetime) -> None:
    def edit(number: int) -> int:
        limits = plans.PlanLimits(
            numbers=2, daily_per_number=30, daily_min=30, daily_max=30, extraction_quota=5000 + number
        )
        return plans.edit_plan(slug="pro", limits=limits, now=now).version

    assert sorted(together(edit)) == [2, 3, 4, 5]
