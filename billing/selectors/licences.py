"""The answer of `manage.py licence`: what an e-mail address has, whether it is a login or only bought something."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Q

from accounts.models import Account, Membership, OutboxEmail, normalise_email
from billing.domain.projection import project
from billing.models import BuyerAddress, Payment, PaymentEvent, Plan, Subscription
from billing.selectors.accounts import find_account, login_address
from billing.selectors.facts import facts_of_account, facts_of_buyer


@dataclass(frozen=True)
class LicenceAnswer:
    """What is known of an address, as the command's JSON names it."""

    email: str  # the owner's login address; the address asked for when there is no account
    account: bool
    state: str
    access: bool
    tier: str | None
    period: str | None
    access_until: str | None  # UTC date, before grace
    transactions: int
    welcome_messages: int
    parked_events: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def licence_answer(email: str, now: dt.datetime) -> LicenceAnswer:
    """What this login or buyer's address has at `now`; without an account, what its unclaimed purchases amount to."""
    email = normalise_email(email)
    account = find_account(email) or _account_of_member(email)
    subscriptions = Subscription.objects.filter(account=account)
    if account is None:
        subscriptions = Subscription.objects.filter(account__isnull=True, addresses__email=email)
    facts = facts_of_account(account.pk) if account else facts_of_buyer(email)
    view = project(facts, now=now)
    plan = Plan.objects.get(pk=view.plan.id) if view.plan else None
    return LicenceAnswer(
        email=(login_address(account) if account else "") or email,
        account=account is not None,
        state=view.state,
        access=view.has_access,
        tier=plan.slug if plan else None,
        period=view.period or None,
        access_until=view.access_until.astimezone(dt.UTC).date().isoformat() if view.access_until else None,
        transactions=Payment.objects.filter(subscription__in=subscriptions).count(),
        welcome_messages=_welcomes(account),
        parked_events=_parked(email, account),
    )


def _account_of_member(email: str) -> Account | None:
    membership = Membership.objects.filter(user__email=email).select_related("account").order_by("pk").first()
    return membership.account if membership else None


def _welcomes(account: Account | None) -> int:
    if account is None:
        return 0
    members = Membership.objects.filter(account=account).values("user")
    return OutboxEmail.objects.filter(kind=OutboxEmail.Kind.WELCOME, user__in=members).count()


def _parked(email: str, account: Account | None) -> int:
    """Events that wait for an operator and are about this address, its account or its subscriptions."""
    about = Q(buyer_email=email)
    if account is not None:
        codes = Subscription.objects.filter(account=account).values("code")
        aliases = BuyerAddress.objects.filter(subscription__account=account).values("email")
        about |= Q(account=account) | Q(subscriber_code__in=codes) | Q(buyer_email__in=aliases)
        about |= Q(buyer_email=login_address(account)) if login_address(account) else Q()
    return PaymentEvent.objects.filter(about, status=PaymentEvent.Status.PARKED).count()
