"""Who a buyer is: an account by its login address, else by an address that bought one of its subscriptions."""

from __future__ import annotations

from accounts.models import Account, Membership, Role, normalise_email
from billing.models import BuyerAddress


def find_account(email: str) -> Account | None:
    """The account whose owner logs in with this address, else the one that has it as a buyer's alias.

    None when nobody has it, and when it is the alias of several accounts: then it identifies none of them.
    An operator or viewer of somebody's account who buys gets an account of their own.
    """
    email = normalise_email(email)
    if not email:
        return None
    owned = Membership.objects.filter(user__email=email, role=Role.OWNER).select_related("account")
    membership = owned.order_by("created_at", "pk").first()
    if membership is not None:
        return membership.account
    aliased = Account.objects.filter(
        pk__in=BuyerAddress.objects.filter(email=email, subscription__account__isnull=False).values(
            "subscription__account"
        )
    )
    found = list(aliased[:2])
    return found[0] if len(found) == 1 else None


def login_address(account: Account) -> str:
    """The e-mail its owner logs in with; empty for an account without an owner."""
    owners = Membership.objects.filter(account=account, role=Role.OWNER).order_by("created_at", "pk")
    return owners.values_list("user__email", flat=True).first() or ""
