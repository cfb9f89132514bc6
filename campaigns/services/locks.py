"""The order in which the engine locks rows: allowance, lane, campaign, message, each by id. And how a lane is woken.

Every transaction that changes what a claim reads takes these in this order, and wakes lanes as its LAST statement: a
conditional or early wake loses the race with a claim that just found nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import connection
from django.db.models import F
from django.db.models.functions import Greatest

from billing.models import SendAllowance
from campaigns.models import Campaign, SendLane

LOCK_TIMEOUT_MS = 1_000


def limit_lock_wait(milliseconds: int = LOCK_TIMEOUT_MS) -> None:
    """In this transaction, give up a lock after so long (PostgreSQL); the caller then works account by account."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"])


def lock_allowances(account_ids: Iterable[int]) -> dict[int, SendAllowance]:
    """The allowances of these accounts, locked: nothing of theirs is claimed until the transaction ends."""
    ids = sorted(set(account_ids))
    rows = SendAllowance.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True) if ids else ()
    return {row.pk: row for row in rows}


def lock_account(account_id: int) -> SendAllowance:
    """The account's allowance, locked; made when the account has none yet."""
    SendAllowance.objects.get_or_create(pk=account_id)
    return lock_allowances([account_id])[account_id]


def lock_lanes(*, account_ids: Iterable[int] = (), lane_ids: Iterable[int] = ()) -> dict[int, SendLane]:
    """These lanes and all lanes of these accounts, locked by id."""
    lanes = SendLane.objects.filter(account_id__in=set(account_ids)) | SendLane.objects.filter(pk__in=set(lane_ids))
    return {lane.pk: lane for lane in lanes.order_by("pk").select_for_update(no_key=True)}


def lock_campaigns(campaign_ids: Iterable[int]) -> dict[int, Campaign]:
    """These campaigns, locked by id: their counters and status are ours until the transaction ends."""
    ids = sorted(set(campaign_ids))
    rows = Campaign.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True) if ids else ()
    return {row.pk: row for row in rows}


def wake(lane_ids: Iterable[int], *, now: dt.datetime) -> None:
    """Let these lanes be looked at again, never earlier than their pace. The last statement of a transaction."""
    ids = list(lane_ids)
    if ids:
        SendLane.objects.filter(pk__in=ids).update(wake_at=Greatest(now, F("not_before")))
