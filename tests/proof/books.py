"""Small books for tests: one account with one number and one campaign, or two of each, and lines of the gateway."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from leads_infinitos.portal.proof.books import Account, Campaign, Lane, Ledger, Line, Message, Quota, tag

NOON = dt.datetime(2026, 11, 25, 15, 0, tzinfo=dt.UTC)  # in São Paulo
FREE = Quota(None, 0)


def phone_of(pk: int) -> str:
    return f"+55119{70_000_000 + pk}"


def message(pk: int, *, status: str = "sent", account: int = 1, claimed_at: dt.datetime | None = NOON) -> Message:
    """A message of the account's only campaign, on its only number."""
    return Message(account, account, account, phone_of(pk), status, claimed_at)


def line(pk: int, *, at_s: float = 0.0, account: int = 1, instance: str = "", **changes: Any) -> Line:
    """The gateway took this message so many seconds after noon."""
    wall = NOON.timestamp() + at_s
    made = Line(instance or f"number-{account}", phone_of(pk).lstrip("+"), f"Oi! {tag(account, pk)}", wall)
    return replace(made, **changes)


def ledger(messages: dict[int, Message], *, gap_s: float = 1.0, used: int | None = None, **changes: Any) -> Ledger:
    """Two accounts without limits whose quotas are used up as their messages say, or by `used`."""

    def quota(account: int) -> Quota:
        mine = sum(one.account_id == account and one.status in ("sent", "unconfirmed") for one in messages.values())
        return Quota(None, mine if used is None else used)

    made = Ledger(
        messages=messages,
        lanes={pk: Lane(pk, f"number-{pk}", gap_s, quota(pk)) for pk in (1, 2)},
        accounts={pk: Account("America/Sao_Paulo", quota(pk)) for pk in (1, 2)},
        campaigns={pk: Campaign(True, quota(pk)) for pk in (1, 2)},
        heard_receipts=True,
    )
    return replace(made, **changes)
