"""Phones that asked not to be written to: in force for the whole account before the next send."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts.models import Account, User
from campaigns.models import Suppression
from campaigns.services import locks


def suppress(
    *, account: Account, phone: str, reason: str, now: dt.datetime, source: str = "", by: User | None = None
) -> Suppression:
    """Never write to this phone again from this account. The first reason given stays."""
    with transaction.atomic():
        locks.lock_account(account.pk)
        row, _ = Suppression.objects.get_or_create(
            account=account,
            phone=phone,
            defaults={"reason": reason, "source": source, "created_by": by, "created_at": now},
        )
        return row
