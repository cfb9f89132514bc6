"""Reads the product's own books, and does what an operator may do so that a proof need not wait for long rests."""

from __future__ import annotations

from contextlib import suppress

from django.db import connection as database
from django.db.models import F
from django.db.models.functions import Greatest

from accounts import clock
from billing.models import SendAllowance
from campaigns.domain.states import CampaignStatus, MessageStatus
from campaigns.errors import PhoneTaken
from campaigns.models import (
    Attempt,
    Campaign,
    CampaignMessage,
    Connection,
    ConnectionState,
    GatewayEvent,
    Outcome,
    SendLane,
)
from campaigns.services import connections, lifecycle, reconcile
from leads_infinitos.portal.proof import books


def read_ledger(*, at_rest: bool = False) -> books.Ledger:
    """All of it as it is now. `at_rest`: also what only a last look needs."""
    allowances = {row.pk: row for row in SendAllowance.objects.select_related("account")}
    return books.Ledger(
        messages=_messages(at_rest=at_rest),
        lanes={lane.connection_id: _lane(lane, allowances[lane.account_id]) for lane in _lanes()},
        accounts={
            pk: books.Account(row.account.time_zone, books.Quota(row.daily_limit, row.used_count))
            for pk, row in allowances.items()
        },
        campaigns={
            row.pk: books.Campaign(row.status == CampaignStatus.RUNNING, books.Quota(row.daily_cap, row.used_count))
            for row in Campaign.objects.all()
        },
        wrong_counters=len(reconcile.reconcile_counters(repair=False)) if at_rest else 0,
        heard_receipts=at_rest and GatewayEvent.objects.filter(kind=GatewayEvent.Kind.ACK).exists(),
    )


def _messages(*, at_rest: bool) -> dict[int, books.Message]:
    unknown = Attempt.objects.filter(outcome=Outcome.UNKNOWN).values_list("message_id", flat=True)
    doubtful = set(unknown) if at_rest else set()
    rows = CampaignMessage.objects.values_list(
        "pk", "account_id", "campaign_id", "connection_id", "phone", "status", "claimed_at", "lease_lost_at"
    )
    return {
        pk: books.Message(
            account_id=account_id,
            campaign_id=campaign_id,
            connection_id=connection_id,
            phone=phone,
            status=status,
            claimed_at=claimed_at,
            doubtful=pk in doubtful or lost_at is not None or status == MessageStatus.UNCONFIRMED,
        )
        for pk, account_id, campaign_id, connection_id, phone, status, claimed_at, lost_at in rows.iterator(5000)
    }


def _lanes() -> list[SendLane]:
    return list(SendLane.objects.select_related("connection").defer("connection__token"))


def _lane(lane: SendLane, allowance: SendAllowance) -> books.Lane:
    limit = allowance.daily_per_number if lane.daily_cap is None else min(lane.daily_cap, allowance.daily_per_number)
    quota = books.Quota(limit, lane.used_count)
    return books.Lane(lane.account_id, lane.connection.instance_key, lane.gap_min_s, quota)


def waiting_events() -> int:
    """Reports of the gateway that nobody has worked on yet."""
    return GatewayEvent.objects.filter(try_at__isnull=False).count()


def look_again_at_numbers() -> None:
    """What an operator does once the gateway is well: ask it for the state of the numbers that are down."""
    for row in Connection.objects.exclude(state=ConnectionState.CONNECTED).select_related("lane"):
        with suppress(PhoneTaken):
            connections.check_connection(connection=row, now=clock.now())


def end_rests(*reasons: str) -> None:
    """End the rests for these reasons (all), as an operator may; never a number's pace."""
    now = clock.now()
    resting = SendLane.objects.filter(rest_until__gt=now, in_flight_token__isnull=True)
    resting = resting.filter(rest_reason__in=reasons) if reasons else resting
    resting.update(rest_until=None, rest_reason="", wake_at=Greatest(now, F("not_before")))


def pause_everything() -> None:
    """No campaign goes on."""
    for campaign in Campaign.objects.filter(status=CampaignStatus.RUNNING):
        lifecycle.pause_campaign(campaign=campaign)


def drop_other_connections() -> int:
    """End every session of this database but our own, as a restart of PostgreSQL does; gives how many."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])
