"""Reads the facts of an account, or of a buyer who has none, as the values that `billing.domain.projection` takes."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from billing.domain.payments import PaymentFact, PlanRef, StatusFact
from billing.domain.projection import Facts, GrantFact, SubscriptionFacts
from billing.models import Grant, Payment, Plan, Revocation, Subscription


def facts_of_account(account_id: int) -> Facts:
    """Everything known of the account, in a constant number of queries."""
    return Facts(
        subscriptions=_subscriptions(Subscription.objects.filter(account_id=account_id)),
        grants=tuple(
            GrantFact(_plan(grant.plan), grant.starts_at, grant.ends_at, grant.withdrawn_at)
            for grant in Grant.objects.filter(account_id=account_id).select_related("plan").order_by("pk")
        ),
        is_revoked=Revocation.objects.filter(account_id=account_id, withdrawn_at__isnull=True).exists(),
    )


def facts_of_buyer(email: str) -> Facts:
    """What is known of a buyer's subscriptions that belong to no account, as after a refund that came before its sale."""
    unclaimed = Subscription.objects.filter(account__isnull=True, addresses__email=email)
    return Facts(subscriptions=_subscriptions(unclaimed))


def facts_of_subscription(subscription: Subscription) -> SubscriptionFacts:
    """Everything known of one subscription."""
    return _subscriptions(Subscription.objects.filter(pk=subscription.pk))[0]


def payment_fact(payment: Payment) -> PaymentFact:
    """One payment with its statuses (prefetched or read) as values."""
    return PaymentFact(
        transaction=payment.transaction,
        statuses=tuple(
            StatusFact(row.status, row.produced_at, row.approved_at, row.next_charge_at, row.price_cents)
            for row in payment.statuses.all()
        ),
        plan=_plan(payment.plan) if payment.plan else None,
        period=payment.period,
    )


def _subscriptions(rows: QuerySet[Subscription]) -> tuple[SubscriptionFacts, ...]:
    read = rows.select_related("product").prefetch_related("payments__statuses", "payments__plan", "block_lifts")
    return tuple(
        SubscriptionFacts(
            code=row.code,
            payments=tuple(payment_fact(payment) for payment in row.payments.all()),
            blocks_lifted_at=tuple(lift.lifted_at for lift in row.block_lifts.all()),
            grace=dt.timedelta(days=row.product.grace_days),
            cancelled_grace=dt.timedelta(days=row.product.cancelled_grace_days),
        )
        for row in read.order_by("pk")
    )


def _plan(plan: Plan) -> PlanRef:
    return PlanRef(plan.pk, plan.rank)
