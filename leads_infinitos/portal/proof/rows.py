"""The plan as rows: accounts, numbers that the gateway knows, campaigns whose audience is complete."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection as database
from django.db.models import F, Max, TextField, Value
from django.db.models.functions import Cast, Concat

from accounts.models import Account
from billing.models import SendAllowance
from campaigns.domain.states import CampaignStatus
from campaigns.models import (
    Campaign,
    CampaignLane,
    CampaignMessage,
    Connection,
    ConnectionState,
    SendLane,
    Variation,
)
from extraction.models import Lead, LeadList
from leads_infinitos.kernel import crypto, phone
from leads_infinitos.portal.proof import plan

ALL_WEEK = [[[0, 1440]]] * 7
MARK = "Prova do envio"  # how the accounts of a proof are called
BATCH = 1000
SPREAD = 10
NOT_YET = dt.timedelta(hours=1)


class ForeignDatabase(Exception):
    """The database holds accounts that no proof made."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A number at the gateway: its host with scheme and path prefix, and its phone where it is known."""

    base_url: str
    key: str
    token: str = field(repr=False)
    phone: str | None = None


def check_database() -> None:
    """Raises ForeignDatabase where somebody's accounts are; a database without our tables holds none."""
    if Account._meta.db_table not in database.introspection.table_names():
        return
    if Account.objects.exclude(name__startswith=MARK).exists():
        raise ForeignDatabase


def make_rows(accounts: Sequence[plan.Account], instances: Sequence[Instance], *, now: dt.datetime) -> None:
    """Write the plan. Nothing leaves before `open_lanes`. Raises ForeignDatabase."""
    check_database()
    left = iter(instances)
    for number, wanted in enumerate(accounts, 1):
        _make_account(number, wanted, left, now=now)


def _make_account(number: int, wanted: plan.Account, instances: Iterator[Instance], *, now: dt.datetime) -> None:
    account = Account.objects.create(
        name=f"{MARK} {number}", time_zone=wanted.time_zone, frequency_cap_days=0, created_at=now
    )
    SendAllowance.objects.update_or_create(
        account=account,
        defaults={
            "send_until": now + dt.timedelta(days=30),
            "numbers": len(wanted.lanes),
            "daily_limit": wanted.daily_limit,
            "daily_per_number": wanted.daily_per_number,
        },
    )
    connections = [
        _make_connection(account, lane, next(instances), name=f"Número {index}", now=now)
        for index, lane in enumerate(wanted.lanes, 1)
    ]
    for index, campaign in enumerate(wanted.campaigns, 1):
        _make_campaign(account, campaign, connections, name=f"Campanha {index}", now=now)


def open_lanes(*, now: dt.datetime) -> None:
    """From now on numbers become due, spread over one interval."""
    for part in range(SPREAD):
        lanes = SendLane.objects.annotate(part=F("pk") % SPREAD).filter(part=part)
        slowest = lanes.aggregate(slowest=Max("gap_min_s"))["slowest"] or 0.0
        due = now + dt.timedelta(seconds=slowest * part / SPREAD)
        lanes.update(not_before=due, wake_at=due)


def _make_connection(account: Account, lane: plan.Lane, at: Instance, *, name: str, now: dt.datetime) -> Connection:
    secret = secrets.token_urlsafe(32)
    row = Connection.objects.create(
        account=account,
        name=name,
        base_url=at.base_url,
        instance_key=at.key,
        token=at.token,
        vendor_digest=crypto.digest("megaapi", at.base_url, at.key, key=settings.SECRET_KEY),
        webhook_secret=secret,
        webhook_digest=crypto.digest("webhook", secret, key=settings.SECRET_KEY),
        webhook_set_at=now,  # the proof tells the gateway itself, all numbers at once
        webhook_tried_at=now,
        phone=at.phone,
        state=ConnectionState.CONNECTED,
        state_since=now,
        checked_at=now,
    )
    SendLane.objects.create(
        account=account,
        connection=row,
        host=at.base_url,
        not_before=now + NOT_YET,
        gap_min_s=lane.gap_s,
        gap_max_s=lane.gap_s * 1.25,
        daily_cap=lane.daily_cap,
    )
    return row


def _make_campaign(
    account: Account, wanted: plan.Campaign, connections: Sequence[Connection], *, name: str, now: dt.datetime
) -> None:
    count = len(wanted.messages)
    campaign = Campaign.objects.create(
        account=account,
        name=name,
        status=CampaignStatus.RUNNING,
        window=ALL_WEEK,
        daily_cap=wanted.daily_cap,
        audience_ready_at=now,
        started_at=now,
        audience_count=count,
        queued_count=count,
    )
    variation = Variation.objects.create(campaign=campaign, position=0, body="Oi {nome}!")
    CampaignLane.objects.bulk_create(
        CampaignLane(account=account, campaign=campaign, lane=connection.lane) for connection in connections
    )
    leads = _make_leads(account, wanted, name=name, now=now)
    CampaignMessage.objects.bulk_create(
        (
            CampaignMessage(
                account=account,
                campaign=campaign,
                lead=lead,
                connection=connections[message.lane],
                variation=variation,
                position=position,
                name=lead.name,
                phone=message.phone,
                body="",
            )
            for position, (message, lead) in enumerate(zip(wanted.messages, leads, strict=True))
        ),
        batch_size=BATCH,
    )
    # As books.tag writes it. The text names its own row, which has its id only now.
    whose = (Value(f"Oi! [a{account.pk} m"), Cast("pk", TextField()), Value("]"))
    CampaignMessage.objects.filter(campaign=campaign).update(body=Concat(*whose, output_field=TextField()))


def _make_leads(account: Account, wanted: plan.Campaign, *, name: str, now: dt.datetime) -> list[Lead]:
    count = len(wanted.messages)
    row = LeadList.objects.create(account=account, name=name, lead_count=count, contactable_count=count)
    return Lead.objects.bulk_create(
        (
            Lead(
                account=account,
                list=row,
                name=f"Cliente {index}",
                phone=message.phone,
                contactable=True,
                wa_candidates=list(phone.parse(message.phone).wa_ids),
                wa_id=message.phone.lstrip("+") if message.resolved else "",
                wa_id_checked_at=now if message.resolved else None,
            )
            for index, message in enumerate(wanted.messages)
        ),
        batch_size=BATCH,
    )
