"""People and their accounts: made once per e-mail, edited by their owners."""

from __future__ import annotations

import datetime as dt
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.errors import UnknownTimeZone
from accounts.models import Account, Membership, Role, User, normalise_email, validate_time_zone
from accounts.selectors import find_user


def create_account_with_owner(
    *, email: str, name: str, account_name: str, now: dt.datetime, password: str | None = None
) -> Membership:
    """The owner's place in their own account, made if the e-mail is new; asking again gives the same one.

    A person who exists keeps their name and password; `password` only fills an empty one. Without a password they log in
    after following a set-password link. Safe when two events of one buyer are processed at once.
    """
    with transaction.atomic():
        user = _get_or_create_user(email=email, name=name, now=now)
        # The person's row is the lock: the second of two callers waits here and then finds the account.
        user = User.objects.select_for_update().get(pk=user.pk)
        if password and not user.has_usable_password():
            user.set_password(password)
            user.save(update_fields=["password"])
        own = Membership.objects.filter(user=user, role=Role.OWNER).select_related("account", "user")
        membership = own.order_by("created_at", "id").first()
        if membership is None:
            account = Account.objects.create(name=account_name or user.get_full_name(), created_at=now)
            membership = Membership.objects.create(account=account, user=user, role=Role.OWNER, created_at=now)
        return membership


def _get_or_create_user(*, email: str, name: str, now: dt.datetime) -> User:
    user = find_user(email)
    if user is not None:
        return user
    try:
        with transaction.atomic():
            return User.objects.create_user(normalise_email(email), name=name, date_joined=now)
    except IntegrityError:  # user_email_once: another process was faster
        return User.objects.get(email=normalise_email(email))


def update_profile(*, user: User, name: str) -> None:
    """Change how the person is called."""
    user.name = name.strip()
    user.save(update_fields=["name"])


class Around(Protocol):
    """What a higher app does around a change of an account: enters before it, with nothing locked yet, and leaves after it,
    inside the same transaction.
    """

    def __call__(self, *, account_id: int, now: dt.datetime) -> AbstractContextManager[None]: ...


_around: list[Around] = []


def register_around(around: Around) -> None:
    """Have `around` entered for every change of an account. A higher app does this in its `AppConfig.ready()`."""
    if around not in _around:
        _around.append(around)


def update_account(*, account: Account, name: str, time_zone: str, frequency_cap_days: int, now: dt.datetime) -> None:
    """Change the account's name, its local days and how often one phone may be messaged (days; 0 = no cap).

    Raises UnknownTimeZone.
    """
    try:
        validate_time_zone(time_zone)
    except ValidationError as error:
        raise UnknownTimeZone(time_zone=time_zone) from error
    with transaction.atomic(), ExitStack() as stack:
        for around in _around:
            stack.enter_context(around(account_id=account.pk, now=now))
        account.name, account.time_zone, account.frequency_cap_days = name.strip(), time_zone, frequency_cap_days
        account.save(update_fields=["name", "time_zone", "frequency_cap_days"])
