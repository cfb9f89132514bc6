"""The lock of an account, and the hook by which billing tells the sending engine that a claim would now read other values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from django.db import transaction

from accounts.models import Account
from billing.errors import ReasonMissing
from billing.models import SendAllowance


class Listener(Protocol):
    """Called inside the transaction that changed an allowance, last, with the allowance's row locked."""

    def __call__(self, *, account_id: int, now: dt.datetime) -> None: ...


_listeners: list[Listener] = []


def register(listener: Listener) -> None:
    """Have `listener` called after every change of an allowance. A higher app does this in its `AppConfig.ready()`."""
    if listener not in _listeners:
        _listeners.append(listener)


def unregister(listener: Listener) -> None:
    """Undo `register`; nothing happens when the listener is not registered."""
    if listener in _listeners:
        _listeners.remove(listener)


def allowance_changed(*, account_id: int, now: dt.datetime) -> None:
    """Tell the listeners. Call it as the last step of the transaction: a wake-up before the change loses to a claim."""
    for listener in list(_listeners):
        listener(account_id=account_id, now=now)


def lock(account_id: int) -> SendAllowance:
    """The account's allowance, locked until the transaction ends; made first when the account has none.

    Must run inside a transaction. Lock order: subscription, allowance, lane, campaign, message.
    """
    SendAllowance.objects.get_or_create(account_id=account_id)
    # no_key: plain FOR UPDATE would collide with the key-share locks that inserts of the account's rows take.
    return SendAllowance.objects.select_for_update(no_key=True).get(account_id=account_id)


@contextmanager
def changing(*, account_id: int, now: dt.datetime) -> Iterator[None]:
    """Around a change of something else that a claim reads of the account (its zone, its frequency cap): the allowance is
    locked before it, the listeners are told after it. Must run inside a transaction.
    """
    lock(account_id)
    yield
    allowance_changed(account_id=account_id, now=now)


def halt(*, account: Account, reason: str, now: dt.datetime) -> None:
    """Stop all sending of the account from the next claim on. `reason` is a short code; raises ReasonMissing when empty."""
    if not reason:
        raise ReasonMissing
    _set_halted(account, reason, now)


def lift_halt(*, account: Account, now: dt.datetime) -> None:
    """Let a halted account send again, at its pace."""
    _set_halted(account, "", now)


def _set_halted(account: Account, reason: str, now: dt.datetime) -> None:
    with transaction.atomic():
        allowance = lock(account.pk)
        if allowance.halted_reason == reason:
            return
        allowance.halted_reason = reason
        allowance.save(update_fields=["halted_reason"])
        allowance_changed(account_id=account.pk, now=now)
