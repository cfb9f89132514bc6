"""Reads about people and accounts."""

from __future__ import annotations

import hashlib

from django.db.models import Case, QuerySet, When

from accounts.models import ApiToken, Membership, Role, User, normalise_email


def find_membership(user: User) -> Membership | None:
    """Where the person lands, account and user loaded: the account they own, else the oldest; None when they belong to none."""
    own_first = Case(When(role=Role.OWNER, then=0), default=1)
    places = Membership.objects.filter(user=user).select_related("account", "user")
    return places.order_by(own_first, "created_at", "id").first()


def find_user(email: str) -> User | None:
    """The person who logs in with this address, in whatever case."""
    return User.objects.filter(email=normalise_email(email)).first()


def list_api_tokens(membership: Membership) -> QuerySet[ApiToken]:
    """The member's keys that still work, newest first."""
    return ApiToken.objects.filter(membership=membership, revoked_at=None).order_by("-created_at", "-id")


def token_digest(text: str) -> str:
    """What is stored of a key. A plain hash is enough: the key is 240 random bits, not a word a person chose."""
    return hashlib.sha256(text.encode()).hexdigest()


def find_api_token(text: str) -> ApiToken | None:
    """The working key with this text, its membership, account and user loaded; None when unknown, revoked or of a closed user."""
    return (
        ApiToken.objects.filter(digest=token_digest(text), revoked_at=None, membership__user__is_active=True)
        .select_related("membership__account", "membership__user")
        .first()
    )


def authenticate_api_token(text: str) -> Membership | None:
    """The membership that this key speaks for, account and user loaded; None when the key opens nothing."""
    token = find_api_token(text)
    return token.membership if token else None
