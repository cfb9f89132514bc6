"""The phones that an account must not write to."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import Account
from campaigns.models import Suppression


def list_suppressions(*, account: Account, search: str = "") -> QuerySet[Suppression]:
    """Newest first; `search` finds digits of the phone."""
    rows = Suppression.objects.filter(account=account).select_related("created_by").order_by("-created_at", "-pk")
    digits = "".join(char for char in search if char.isdigit())
    return rows.filter(phone__contains=digits) if digits else rows
