"""Turns one purchase event into facts, and facts into an account with a licence: identity and tier by the contract's §6.

Everything here is one transaction of the caller's, and safe to repeat: facts are unique, the projection reads them all.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from accounts.models import Account
from billing.domain import payments
from billing.domain.payload import Purchase
from billing.domain.projection import BLOCKED, Facts, project
from billing.models import BuyerAddress, CatalogueProduct, Payment, PaymentEvent, PaymentStatus, Plan, Subscription
from billing.selectors.accounts import find_account, login_address
from billing.selectors.catalogue import find_entry, find_product
from billing.selectors.facts import facts_of_subscription, payment_fact
from billing.services.licence import recompute
from billing.services.onboarding import open_account

logger = logging.getLogger(__name__)

_ALERTS = frozenset({payments.CHARGEBACK, payments.PARTIALLY_REFUNDED})


@dataclass(frozen=True)
class Outcome:
    """How an event ended: a word of `PaymentEvent.Status`, why, and whose it was."""

    status: PaymentEvent.Status
    reason: str = ""
    account: Account | None = None


@dataclass(frozen=True)
class _Tier:
    plan: Plan
    period: str


def record_purchase(*, purchase: Purchase, event: PaymentEvent, now: dt.datetime) -> Outcome:
    """Store what the event says and bring the account's licence up to it.

    Parked (`unknown_plan`, `missing_email`) means that nothing was stored: money that cannot be placed grants nothing until
    an operator or a later event supplies what is missing. Must run inside a transaction.
    """
    product = find_product(hotmart_id=purchase.product_id, ucode=purchase.product_ucode)
    if product is None:
        return Outcome(PaymentEvent.Status.IGNORED, "ignored_product")
    subscription = _known_subscription(purchase)
    tier = _tier(purchase, product, subscription)
    account = (subscription.account if subscription else None) or find_account(purchase.buyer_email)
    if purchase.status in payments.PAID:
        if tier is None:
            return Outcome(PaymentEvent.Status.PARKED, "unknown_plan", account)
        if account is None and not purchase.buyer_email:
            return Outcome(PaymentEvent.Status.PARKED, "missing_email")
    subscription = subscription or _new_subscription(purchase, product, now)
    payment = _store_facts(purchase, event, subscription, tier, now)
    _keep_address(subscription, purchase.buyer_email, now)
    if account is None and _deserves_account(payment, subscription, now):
        account = open_account(email=purchase.buyer_email, name=purchase.buyer_name, now=now).account
    if account is not None:
        _attach(subscription, account, purchase.buyer_email)
        recompute(account=account, now=now)
    _alert(purchase, payment)
    return Outcome(PaymentEvent.Status.PROCESSED, account=account)


def _known_subscription(purchase: Purchase) -> Subscription | None:
    """The event's subscription, locked: its events are worked on one after the other."""
    locked = Subscription.objects.select_for_update(of=("self",)).select_related("account")
    if not purchase.subscriber_code:  # a one-time sale, unless another event told us whose transaction it is
        known = Payment.objects.filter(transaction=purchase.transaction).values("subscription")
        return locked.filter(pk__in=known).first()
    return locked.filter(code=purchase.subscriber_code).first()


def _new_subscription(purchase: Purchase, product: CatalogueProduct, now: dt.datetime) -> Subscription:
    Subscription.objects.get_or_create(
        code=purchase.subscription_code, defaults={"product": product, "created_at": now}
    )
    return Subscription.objects.select_for_update().get(code=purchase.subscription_code)


def _tier(purchase: Purchase, product: CatalogueProduct, subscription: Subscription | None) -> _Tier | None:
    entry = find_entry(product=product, plan_id=purchase.plan_id, offer_code=purchase.offer_code)
    if entry is not None:
        plan = Plan.objects.filter(slug=entry.tier, is_current=True).first()
        return _Tier(plan, entry.period) if plan else None
    if subscription is None:
        return None
    known = subscription.payments.filter(plan__isnull=False).select_related("plan")
    last = known.order_by("-approved_at", "-pk").first()
    return _Tier(last.plan, last.period) if last and last.plan else None


def _store_facts(
    purchase: Purchase, event: PaymentEvent, subscription: Subscription, tier: _Tier | None, now: dt.datetime
) -> Payment:
    payment, _ = Payment.objects.get_or_create(
        transaction=purchase.transaction, defaults={"subscription": subscription, "created_at": now}
    )
    if payment.subscription_id != subscription.pk:
        _settle_owner(payment, subscription)
    is_paid_already = payment.statuses.filter(status__in=payments.PAID).exists()
    _store_status(payment, purchase, event)
    # The plan of a payment is set by its first paid event and stays: a later version of the plan is for later payments.
    if tier and (payment.plan_id is None or (purchase.status in payments.PAID and not is_paid_already)):
        payment.plan, payment.period = tier.plan, tier.period
    settled = payments.settle(payment_fact(payment))
    payment.approved_at, payment.ends_at = settled.approved_at, settled.ends_at
    payment.price_cents = settled.price_cents or 0
    payment.currency = payment.currency or purchase.currency
    payment.recurrence = payment.recurrence or purchase.recurrence
    payment.save()
    return payment


def _settle_owner(payment: Payment, subscription: Subscription) -> None:
    """A transaction first seen without its subscriber moves to the subscriber; one claimed by two stays with the first."""
    if payment.subscription.code == f"txn:{payment.transaction}":
        payment.subscription = subscription
    else:
        logger.error("billing.transaction_of_two_subscriptions", extra={"payment_id": payment.pk})


def _store_status(payment: Payment, purchase: Purchase, event: PaymentEvent) -> None:
    said = {
        "produced_at": purchase.produced_at,
        "approved_at": purchase.approved_at,
        "next_charge_at": purchase.next_charge_at,
        "price_cents": purchase.price_cents,
    }
    row, is_new = PaymentStatus.objects.get_or_create(
        payment=payment, status=purchase.status, defaults={**said, "event": event}
    )
    if is_new:
        return
    is_later = purchase.produced_at > row.produced_at
    for (
        name,
        value,
    ) in said.items():  # told twice: the later word counts, and the earlier one where the later says nothing
        if value is not None and (is_later or getattr(row, name) is None):
            setattr(row, name, value)
    row.save()


def _keep_address(subscription: Subscription, email: str, now: dt.datetime) -> None:
    if email:
        BuyerAddress.objects.get_or_create(subscription=subscription, email=email, defaults={"created_at": now})


def _deserves_account(payment: Payment, subscription: Subscription, now: dt.datetime) -> bool:
    """Money that stands opens an account; a payment already reversed, or a subscription already blocked, does not."""
    if not payments.settle(payment_fact(payment)).is_paid:
        return False
    facts = facts_of_subscription(subscription)
    return project(Facts(subscriptions=(facts,)), now=now).state != BLOCKED


def _attach(subscription: Subscription, account: Account, email: str) -> None:
    """Give the account its subscription, and what the same buyer attempted before there was an account."""
    if subscription.account_id is None:
        Subscription.objects.filter(pk=subscription.pk).update(account=account)
    elif email and email != login_address(account):
        logger.warning("billing.buyer_address_differs", extra={"subscription_id": subscription.pk})
    if email:
        Subscription.objects.filter(account__isnull=True, addresses__email=email).update(account=account)


def _alert(purchase: Purchase, payment: Payment) -> None:
    """Tell operators what needs their eyes: the event's name and our ids only."""
    refused = {payments.CANCELED, payments.EXPIRED} & {purchase.status}
    approvals = [row.produced_at for row in payment.statuses.all() if row.status == payments.APPROVED]
    if purchase.status in _ALERTS or (refused and approvals and max(approvals) < purchase.produced_at):
        logger.warning("billing.review", extra={"payment_id": payment.pk, "status": purchase.status})
