from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

import pytest

from accounts.models import Account, Membership, OutboxEmail, Role, User
from billing.domain.envelope import read_body
from billing.models import (
    BuyerAddress,
    CatalogueEntry,
    CatalogueOffer,
    Licence,
    Payment,
    PaymentEvent,
    PaymentStatus,
    SendAllowance,
    Subscription,
)
from billing.selectors import find_account, licence_answer
from billing.services import inbox, plans, purchases
from tests.billing.factories import FIXTURES, load_example_catalogue, make_account, payload, receive

pytestmark = pytest.mark.django_db

BUYER = "compradora.ficticia@example.com"
DAY = dt.timedelta(days=1)
PAID_UNTIL = dt.datetime(2026, 11, 5, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _catalogue(db: None, now: dt.datetime) -> None:
    load_example_catalogue(now=now)


def licence_of(email: str = BUYER) -> Licence:
    account = find_account(email)
    assert account is not None
    return Licence.objects.get(account=account)


def test_a_first_purchase_makes_account_owner_licence_and_one_welcome(now: dt.datetime) -> None:
    event = receive(payload("PURCHASE_APPROVED"), now=now)
    licence = licence_of()
    assert (event.status, event.account, event.processed_at) == ("processed", licence.account, now)
    assert (licence.state, licence.period, licence.access_until) == ("active", "monthly", PAID_UNTIL)
    assert licence.plan is not None
    assert licence.plan.slug == "pro"
    owner = User.objects.get(email=BUYER)
    assert (owner.name, owner.has_usable_password()) == ("Compradora Fictícia da Silva", False)
    allowance = SendAllowance.objects.get(account=licence.account)
    assert (allowance.send_until, allowance.daily_limit) == (PAID_UNTIL + 5 * DAY, 60)
    assert OutboxEmail.objects.filter(user=owner).count() == 1


def test_a_renewal_moves_the_end_and_sends_no_second_welcome(now: dt.datetime) -> None:
    receive(payload("PURCHASE_APPROVED"), now=now)
    receive(payload("PURCHASE_APPROVED.renewal"), now=PAID_UNTIL + DAY)
    assert licence_of().access_until == dt.datetime(2026, 12, 5, 12, tzinfo=dt.UTC)
    assert (Account.objects.count(), OutboxEmail.objects.count(), Payment.objects.count()) == (1, 1, 2)


def test_processing_an_event_again_changes_nothing(now: dt.datetime) -> None:
    event = receive(payload("PURCHASE_APPROVED"), now=now)
    before = Licence.objects.values().get()
    assert inbox.replay(event_ids=[event.pk], now=now) == {"processed": 1}
    assert Licence.objects.values().get() == before
    assert (Account.objects.count(), OutboxEmail.objects.count(), PaymentStatus.objects.count()) == (1, 1, 1)


def test_one_payment_told_under_two_event_ids_is_one_payment(now: dt.datetime) -> None:
    receive(payload("PURCHASE_APPROVED"), now=now)
    receive(payload("PURCHASE_APPROVED", id="11111111-0000-4000-8000-000000000000"), now=now)
    assert (Payment.objects.count(), OutboxEmail.objects.count()) == (1, 1)


EXPECTED = {
    "CLUB_FIRST_ACCESS": ("ignored", "no_licence_event"),
    "CLUB_MODULE_COMPLETED": ("ignored", "no_licence_event"),
    "PURCHASE_APPROVED": ("processed", ""),
    "PURCHASE_APPROVED.one_time": ("parked", "unknown_plan"),
    "PURCHASE_APPROVED.panel_test": ("ignored", "panel_test"),
    "PURCHASE_APPROVED.renewal": ("processed", ""),
    "PURCHASE_APPROVED.trial": ("processed", ""),
    "PURCHASE_BILLET_PRINTED": ("processed", ""),
    "PURCHASE_CANCELED": ("processed", ""),
    "PURCHASE_CHARGEBACK": ("processed", ""),
    "PURCHASE_COMPLETE": ("processed", ""),
    "PURCHASE_DELAYED": ("processed", ""),
    "PURCHASE_EXPIRED": ("processed", ""),
    "PURCHASE_OUT_OF_SHOPPING_CART": ("ignored", "no_licence_event"),
    "PURCHASE_PROTEST": ("processed", ""),
    "PURCHASE_REFUNDED": ("processed", ""),
    "SUBSCRIPTION_CANCELLATION": ("parked", "unsupported_event"),
    "SWITCH_PLAN": ("parked", "unsupported_event"),
    "UPDATE_SUBSCRIPTION_CHARGE_DATE": ("parked", "unsupported_event"),
    "UPDATE_SUBSCRIPTION_CHARGE_DATE.camelcase": ("parked", "unsupported_event"),
}


def test_the_table_of_examples_is_complete() -> None:
    assert set(EXPECTED) == {path.stem.removeprefix("v2_") for path in FIXTURES.glob("v2_*.json")}


@pytest.mark.parametrize("name", EXPECTED)
def test_every_example_ends_as_expected_and_only_money_makes_an_account(name: str, now: dt.datetime) -> None:
    event = receive(payload(name), now=now)
    assert (event.status, event.reason) == EXPECTED[name]
    makes_account = name in {
        "PURCHASE_APPROVED",
        "PURCHASE_APPROVED.renewal",
        "PURCHASE_APPROVED.trial",
        "PURCHASE_COMPLETE",
    }
    assert Account.objects.exists() is makes_account
    assert OutboxEmail.objects.exists() is makes_account


# What FAKE0001's renewal HP9100000002 (paid until 2026-12-05) and its first payment come to, in whatever order they arrive.
STORY = ("PURCHASE_APPROVED", "PURCHASE_COMPLETE", "PURCHASE_APPROVED.renewal", "PURCHASE_PROTEST", "PURCHASE_REFUNDED")
ORDERS = [way[start:] + way[:start] for way in (STORY, STORY[::-1]) for start in range(len(STORY))]


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_of_arrival_does_not_change_the_licence(order: tuple[str, ...]) -> None:
    late = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)  # after the grace of the first payment's period
    for name in order:
        receive(payload(name), now=late)
    answer = licence_answer(BUYER, late)
    assert (answer.state, answer.access, answer.tier, answer.transactions, answer.welcome_messages) == (
        "refunded",
        False,
        "pro",
        2,
        1,
    )
    assert answer.access_until == "2026-11-05"


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("other", "state", "has_account"),
    [
        ("COMPLETE", "active", True),
        ("REFUNDED", "refunded", None),
        ("CHARGEBACK", "blocked", None),
        ("PROTEST", "disputed", True),
        ("EXPIRED", "active", True),
        ("DELAYED", "active", True),
        ("CANCELED", "active", True),
        ("BILLET_PRINTED", "active", True),
    ],
)
def test_a_status_before_or_after_the_approval_of_its_payment(
    other: str, state: str, has_account: bool | None, first: bool, now: dt.datetime
) -> None:
    approval = payload("PURCHASE_APPROVED")
    event = payload("PURCHASE_APPROVED", id="another", event=f"PURCHASE_{other}", data__purchase__status=None)
    event["creation_date"] += 60_000
    for body in (event, approval) if first else (approval, event):
        receive(body, now=now)
    answer = licence_answer(BUYER, now)
    assert answer.state == state
    # Reversed before it was approved: no account, no welcome. Reversed afterwards: the account stays.
    expected = (not first) if has_account is None else has_account
    assert (answer.account, answer.welcome_messages) == (expected, int(expected))


def test_delayed_attempts_never_extend_access_and_leave_grace_running(now: dt.datetime) -> None:
    receive(payload("PURCHASE_APPROVED"), now=now)
    late = payload("PURCHASE_APPROVED.renewal", event="PURCHASE_DELAYED", data__purchase__status="DELAYED")
    late["data"]["purchase"].pop("approved_date")
    receive(late, now=PAID_UNTIL + DAY)
    licence = licence_of()
    assert (licence.state, licence.access_until) == ("past_due", PAID_UNTIL)
    assert licence_answer(BUYER, PAID_UNTIL + 6 * DAY).state == "expired"


def test_a_trial_is_trialing_until_its_paid_recurrence() -> None:
    started = dt.datetime(2026, 10, 31, tzinfo=dt.UTC)
    receive(payload("PURCHASE_APPROVED.trial"), now=started)
    assert licence_of("pessoa.teste@example.com").state == "trialing"


def test_a_lost_approval_is_made_good_by_its_completion(now: dt.datetime) -> None:
    receive(payload("PURCHASE_COMPLETE"), now=now)
    assert (licence_of().state, licence_of().access_until) == ("active", PAID_UNTIL)


def test_a_known_subscription_keeps_its_account_when_the_address_changes(
    now: dt.datetime, caplog: pytest.LogCaptureFixture
) -> None:
    receive(payload("PURCHASE_APPROVED"), now=now)
    receive(payload("PURCHASE_APPROVED.renewal", data__buyer__email="nova@example.com"), now=now)
    receive(payload("PURCHASE_COMPLETE", data__buyer__email=None), now=now)
    assert "billing.buyer_address_differs" in caplog.messages
    assert set(BuyerAddress.objects.values_list("email", flat=True)) == {BUYER, "nova@example.com"}
    assert Account.objects.count() == 1
    assert licence_answer("NOVA@example.com", now).email == BUYER


def test_a_buyer_who_has_an_account_gets_the_subscription_and_no_welcome(now: dt.datetime) -> None:
    account = make_account(email=BUYER)
    receive(payload("PURCHASE_APPROVED", data__buyer__email="  Compradora.Ficticia@EXAMPLE.com "), now=now)
    assert Subscription.objects.get().account == account
    assert not OutboxEmail.objects.exists()


def test_money_without_an_address_waits_until_its_subscription_is_known(now: dt.datetime) -> None:
    waiting = receive(payload("PURCHASE_APPROVED.renewal", data__buyer__email=None), now=now)
    assert (waiting.status, waiting.reason) == ("parked", "missing_email")
    assert not Subscription.objects.exists()
    receive(payload("PURCHASE_APPROVED"), now=now)
    waiting.refresh_from_db()
    assert waiting.status == "processed"
    assert licence_answer(BUYER, now).transactions == 2


def test_an_unknown_plan_waits_and_is_done_once_the_catalogue_knows_it(now: dt.datetime) -> None:
    CatalogueOffer.objects.all().delete()
    CatalogueEntry.objects.all().delete()
    waiting = receive(payload("PURCHASE_APPROVED"), now=now)
    assert (waiting.status, waiting.reason) == ("parked", "unknown_plan")
    assert licence_answer(BUYER, now).parked_events == 1
    assert not Account.objects.exists()
    load_example_catalogue(now=now)
    inbox.process_due(now=now)
    assert licence_of().state == "active"
    assert licence_answer(BUYER, now).parked_events == 0


@pytest.mark.parametrize(
    ("plan_id", "offer", "tier"),
    [
        (910003, "sc4lmen5", "pro"),  # the plan id decides
        ("910003", "unknown", "pro"),
        (999, "sc4lmen5", "scale"),
        (999, "sc4lmen5DRP", "scale"),
        (None, "st4rta02DRP", "starter"),
    ],
)
def test_the_tier_comes_from_plan_id_then_offer_then_the_original_offer(
    plan_id: object, offer: str, tier: str, now: dt.datetime
) -> None:
    receive(
        payload("PURCHASE_APPROVED", data__subscription__plan__id=plan_id, data__purchase__offer__code=offer), now=now
    )
    plan = licence_of().plan
    assert plan is not None
    assert plan.slug == tier


def test_an_unmapped_renewal_keeps_the_plan_of_its_subscription(now: dt.datetime) -> None:
    receive(payload("PURCHASE_APPROVED"), now=now)
    renewal = payload(
        "PURCHASE_APPROVED.renewal", data__subscription__plan__id=1, data__purchase__offer__code="desconhecida"
    )
    assert receive(renewal, now=PAID_UNTIL + DAY).status == "processed"
    assert licence_answer(BUYER, PAID_UNTIL + DAY).access_until == "2026-12-05"


def test_a_product_that_is_not_ours_is_ignored_and_never_matched_by_name(now: dt.datetime) -> None:
    event = receive(payload("PURCHASE_APPROVED", data__product__id=7, data__product__ucode="x"), now=now)
    assert (event.status, event.reason) == ("ignored", "ignored_product")
    by_code = receive(payload("PURCHASE_APPROVED.trial", data__product__id=None), now=now)
    assert by_code.status == "processed"


def test_a_one_time_sale_is_a_subscription_of_its_own(now: dt.datetime) -> None:
    entry = CatalogueEntry.objects.get(hotmart_plan_id="910006")
    CatalogueOffer.objects.create(product=entry.product, entry=entry, code="avulso99")
    receive(payload("PURCHASE_APPROVED.one_time"), now=now)
    assert Subscription.objects.get().code == "txn:HP9500000001"
    bought = dt.datetime(2026, 10, 18, tzinfo=dt.UTC)
    answer = licence_answer("avulsa@example.com", bought)
    assert (answer.tier, answer.access_until) == ("scale", "2027-10-17")


def test_a_transaction_first_seen_without_its_subscriber_moves_to_it(now: dt.datetime) -> None:
    bare = payload("PURCHASE_BILLET_PRINTED")
    del bare["data"]["subscription"]
    receive(bare, now=now)
    assert Payment.objects.get().subscription.code == "txn:HP9100000001"
    receive(payload("PURCHASE_APPROVED"), now=now)
    assert Payment.objects.get().subscription.code == "FAKE0001"
    assert licence_of().state == "active"


def test_what_a_buyer_attempted_before_belongs_to_the_account_made_later(now: dt.datetime) -> None:
    receive(payload("PURCHASE_EXPIRED"), now=now)
    assert licence_answer("comprador.inventado@example.com", now).state == "pending"
    receive(payload("PURCHASE_APPROVED", data__buyer__email="comprador.inventado@example.com"), now=now)
    answer = licence_answer("comprador.inventado@example.com", now)
    assert (answer.state, answer.transactions) == ("active", 2)


def test_a_block_is_lifted_by_an_operator_only(now: dt.datetime) -> None:
    receive(payload("PURCHASE_APPROVED"), now=now)
    chargeback = payload("PURCHASE_APPROVED.renewal", event="PURCHASE_CHARGEBACK", data__purchase__status="CHARGEBACK")
    receive(chargeback, now=PAID_UNTIL - DAY)
    assert (licence_of().state, licence_of().needs_review) == ("blocked", True)
    lifted_at = dt.datetime(2026, 11, 6, tzinfo=dt.UTC)
    plans.lift_block(subscription=Subscription.objects.get(), reason="engano", by=None, now=lifted_at)
    assert (licence_of().state, licence_of().needs_review) == ("past_due", False)


def test_a_later_version_of_a_plan_is_for_later_payments(now: dt.datetime) -> None:
    receive(payload("PURCHASE_APPROVED"), now=now)
    limits = plans.PlanLimits(numbers=5, daily_per_number=30, daily_min=30, daily_max=30, extraction_quota=1)
    plans.edit_plan(slug="pro", limits=limits, now=now)
    receive(payload("PURCHASE_COMPLETE"), now=now)
    assert SendAllowance.objects.get().numbers == 2
    receive(payload("PURCHASE_APPROVED.renewal"), now=PAID_UNTIL + DAY)
    assert SendAllowance.objects.get().numbers == 5


def test_partial_refund_keeps_access_and_is_reported(now: dt.datetime, caplog: pytest.LogCaptureFixture) -> None:
    receive(payload("PURCHASE_APPROVED"), now=now)
    partial = payload(
        "PURCHASE_APPROVED", id="p", event="PURCHASE_REFUNDED", data__purchase__status="PARTIALLY_REFUNDED"
    )
    receive(partial, now=now)
    assert licence_of().state == "active"
    assert "billing.review" in caplog.messages


def test_event_and_status_that_contradict_each_other_wait_for_an_operator(now: dt.datetime) -> None:
    event = receive(payload("PURCHASE_APPROVED", data__purchase__status="REFUNDED"), now=now)
    assert (event.status, event.reason) == ("parked", "status_mismatch")


def test_an_unknown_event_is_ignored_and_reported_once(now: dt.datetime, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(3):
        event = receive(payload("PURCHASE_APPROVED", id=str(number), event="SUBSCRIPTION_RENEWED"), now=now)
        assert (event.status, event.reason) == ("ignored", "unknown_event")
    assert caplog.messages.count("hotmart.unknown_event") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"data": "text"},
        {"data": None},
        {"data__purchase": []},
        {"data__purchase__transaction": None},
        {"data__purchase__transaction": {"a": 1}},
        {"data__purchase__transaction": "H" * 200},
        {"data__purchase__approved_date": "ontem"},
        {"data__purchase__approved_date": 10**30},
        {"data__purchase__date_next_charge": "9999-12-31"},
        {"data__purchase__price": {"value": "muito"}},
        {"data__purchase__price": {"value": 1e300}},
        {"data__subscription": [1]},
        {"data__buyer__email": 5},
        {"data__buyer__name": ["x"]},
        {"data__product": None},
        {"creation_date": "nunca"},
        {"event": {"name": "PURCHASE_APPROVED"}},
        {"data__purchase__recurrence_number": "9" * 50},
    ],
)
def test_odd_content_never_fails(changes: dict[str, Any], now: dt.datetime) -> None:
    event = receive(payload("PURCHASE_APPROVED", **changes), now=now)
    assert event.status in {"processed", "parked", "ignored"}
    assert event.tries == 0


def test_a_failure_is_tried_again_later_and_stops_nobody(
    now: dt.datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**kwargs: Any) -> purchases.Outcome:
        if kwargs["purchase"].subscriber_code == "FAKE0001":
            raise ValueError(BUYER)
        return purchases.record_purchase(**kwargs)

    monkeypatch.setattr(inbox, "record_purchase", broken)
    for name in ("PURCHASE_APPROVED", "PURCHASE_APPROVED.trial"):
        inbox.store(read_body(json.dumps(payload(name)).encode()), now=now)
    with caplog.at_level(logging.DEBUG):
        assert inbox.process_due(now=now) == {"pending": 1, "processed": 1}
    assert BUYER not in " ".join(str(vars(record)) for record in caplog.records)
    event = PaymentEvent.objects.get(subscriber_code="FAKE0001")
    assert (event.tries, event.try_at, event.reason) == (1, now + dt.timedelta(seconds=5), "ValueError")
    assert not inbox.process_due(now=now)
    monkeypatch.undo()
    assert inbox.process_due(now=event.try_at) == {"processed": 1}


def test_an_event_that_keeps_failing_is_given_up_and_can_be_replayed(
    now: dt.datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**kwargs: Any) -> purchases.Outcome:
        raise ValueError

    inbox.store(read_body(json.dumps(payload("PURCHASE_APPROVED")).encode()), now=now)
    monkeypatch.setattr(inbox, "record_purchase", broken)
    later = now
    for _ in range(inbox.MOST_TRIES):
        inbox.process_due(now=later)
        later += dt.timedelta(hours=2)
    event = PaymentEvent.objects.get()
    assert (event.status, event.tries) == ("failed", inbox.MOST_TRIES)
    monkeypatch.undo()
    assert not inbox.process_due(now=later)
    assert inbox.replay(event_ids=[event.pk], now=later) == {"processed": 1}


def test_a_claimed_event_is_left_alone_until_its_lease_ends(now: dt.datetime) -> None:
    inbox.store(read_body(json.dumps(payload("PURCHASE_APPROVED")).encode()), now=now)
    PaymentEvent.objects.update(claimed_until=now + inbox.LEASE)
    assert not inbox.process_due(now=now + inbox.LEASE)
    assert inbox.process_due(now=now + inbox.LEASE + dt.timedelta(seconds=1)) == {"processed": 1}


def test_version_1_approves_and_refunds_by_offer(now: dt.datetime) -> None:
    form = json.loads((FIXTURES / "v1_PURCHASE_APPROVED.form.json").read_text())
    receive(form, now=now)
    answer = licence_answer("legado.ficticio@example.com", now)
    assert (answer.state, answer.tier, answer.access_until) == ("active", "pro", "2026-11-05")
    receive(form | {"status": "refunded"}, now=now)
    assert licence_answer("legado.ficticio@example.com", now).state == "refunded"
    cancelled = json.loads((FIXTURES / "v1_SUBSCRIPTION_CANCELLATION.json").read_text())
    assert receive(cancelled, now=now).reason == "unsupported_event"
    assert licence_answer("legado.ficticio@example.com", now).parked_events == 1


def test_a_viewer_of_another_account_who_buys_gets_an_account_of_their_own(now: dt.datetime) -> None:
    other = make_account()
    viewer = User.objects.create_user(BUYER)
    Membership.objects.create(account=other, user=viewer, role=Role.VIEWER)
    receive(payload("PURCHASE_APPROVED"), now=now)
    assert licence_of().account != other
    assert not Licence.objects.filter(account=other).exists()


def test_new_money_for_a_subscription_blocked_before_it_had_an_account_opens_none(now: dt.datetime) -> None:
    chargeback = payload("PURCHASE_APPROVED.renewal", event="PURCHASE_CHARGEBACK", data__purchase__status="CHARGEBACK")
    receive(chargeback, now=now)
    receive(payload("PURCHASE_APPROVED"), now=now)
    answer = licence_answer(BUYER, now)
    assert (answer.state, answer.account, answer.welcome_messages, answer.transactions) == ("blocked", False, 0, 2)


@pytest.mark.parametrize("order", [1, -1])
def test_of_one_status_told_twice_the_later_word_counts(order: int, now: dt.datetime) -> None:
    early = payload("PURCHASE_APPROVED", id="early")
    late = payload("PURCHASE_APPROVED", id="late", data__purchase__date_next_charge="2026-11-20T12:00:00Z")
    late["creation_date"] += 1000
    late["data"]["purchase"].pop("approved_date")  # takes nothing back that it does not mention
    for body in (early, late)[::order]:
        receive(body, now=now)
    assert licence_answer(BUYER, now).access_until == "2026-11-20"
    assert Payment.objects.get().approved_at == dt.datetime(2026, 10, 5, 13, 2, 27, tzinfo=dt.UTC)


def test_older_money_that_is_told_later_does_not_move_the_first_day_of_access(now: dt.datetime) -> None:
    receive(payload("PURCHASE_APPROVED"), now=now)
    first = licence_of().first_access_at
    older = payload(
        "PURCHASE_APPROVED", id="o", data__purchase__transaction="HP0", data__purchase__approved_date="2026-09-01"
    )
    receive(older, now=now)
    assert licence_of().first_access_at == first
