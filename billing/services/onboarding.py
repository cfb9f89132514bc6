"""Opens accounts: for a first purchase, with the welcome e-mail, or by hand, with a plan granted and an API token."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import transaction

from accounts.models import Account, Membership, Role, normalise_email
from accounts.services.outbox import queue_welcome
from accounts.services.people import create_account_with_owner
from accounts.services.tokens import issue_api_token
from billing.domain import values
from billing.errors import AccountExists, EmailInvalid
from billing.services.plans import change_plan, current_plan


@dataclass(frozen=True)
class OpenedAccount:
    """An account made by hand. `api_token` is the token's text, which nothing can show again."""

    account: Account
    email: str
    api_token: str


def open_account(*, email: str, name: str, now: dt.datetime) -> Membership:
    """An account for a buyer and its owner, made once; the owner is welcomed once, however many purchases race."""
    membership = create_account_with_owner(
        email=email, name=name, account_name=name or email.partition("@")[0], now=now
    )
    queue_welcome(user=membership.user, key=f"user:{membership.user_id}", now=now)
    return membership


def create_account(
    *, email: str, plan: str, now: dt.datetime, password: str | None = None, name: str = "", days: int | None = None
) -> OpenedAccount:
    """Make an account, its owner, a licence granted by hand and an API token.

    `days` is how long the licence lasts; None: the plan's own days, else until withdrawn. Without a password the owner
    asks for one at "Esqueci minha senha". Raises EmailInvalid, PlanUnknown, AccountExists, GrantEndsBeforeStart.
    """
    email = normalise_email(email)
    if not values.email(email):
        raise EmailInvalid
    current_plan(plan)
    with transaction.atomic():
        if Membership.objects.filter(user__email=email, role=Role.OWNER).exists():
            raise AccountExists
        membership = create_account_with_owner(
            email=email, name=name, account_name=name or email.partition("@")[0], now=now, password=password
        )
        until = None if days is None else now + dt.timedelta(days=days)
        change_plan(account=membership.account, plan=plan, until=until, reason="create_account", by=None, now=now)
        _, text = issue_api_token(membership=membership, name="create_account", now=now)
    return OpenedAccount(account=membership.account, email=email, api_token=text)
