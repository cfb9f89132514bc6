"""Registering, checking, pacing and removing WhatsApp numbers. One number is one lane: it is never connected twice."""

from __future__ import annotations

import datetime as dt
import logging
import random
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import Account
from campaigns.domain.states import CampaignStatus
from campaigns.errors import ConnectionInUse, GapInvalid, InstanceTaken, PhoneTaken, TooManyConnections
from campaigns.gateways import calls
from campaigns.gateways.base import GatewayConfig, InstanceStatus, QrCode
from campaigns.gateways.registry import gateway_for
from campaigns.models import Campaign, Connection, ConnectionState, Gateway, SendLane
from campaigns.services import locks
from leads_infinitos.kernel import crypto, http

logger = logging.getLogger("campaigns")

POLL_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two messages of a number (drawn evenly from the range), and its own daily cap (None = the plan's)."""

    gap_min_s: float = 300.0
    gap_max_s: float = 600.0
    daily_cap: int | None = None


def add_connection(
    *,
    account: Account,
    name: str,
    host: str,
    instance_key: str,
    token: str,
    pace: Pace,
    now: dt.datetime,
    gateway: str = Gateway.MEGAAPI,
) -> Connection:
    """Register a number; adding one that was removed from this account revives its lane with its pace and usage.

    Raises kernel.http.HostNotAllowed, GapInvalid, InstanceTaken (params say whether by this account), TooManyConnections.
    """
    _check_pace(pace)
    allowed = http.allowed_base(
        host, vendor_domains=gateway_for(gateway).vendor_domains, extra=settings.GATEWAY_ALLOWED_HOSTS
    )
    digest = crypto.digest(gateway, allowed.base, instance_key.strip(), key=settings.SECRET_KEY)
    with transaction.atomic():
        allowance = locks.lock_account(account.pk)
        taken = Connection.objects.filter(vendor_digest=digest, archived_at__isnull=True).first()
        if taken is not None:
            raise InstanceTaken(here=taken.account_id == account.pk)
        if account.connections.filter(archived_at__isnull=True).count() >= allowance.numbers:
            raise TooManyConnections(limit=allowance.numbers)
        connection = Connection.objects.filter(account=account, vendor_digest=digest).order_by("-archived_at").first()
        connection = connection or Connection(account=account, vendor_digest=digest, created_at=now)
        connection.name, connection.gateway, connection.base_url = name, gateway, allowed.base
        connection.instance_key, connection.token = instance_key.strip(), token.strip()
        connection.state, connection.state_since = ConnectionState.UNKNOWN, now
        connection.archived_at, connection.phone = None, None
        secret = connection.webhook_secret or secrets.token_urlsafe(32)
        connection.webhook_secret = secret
        connection.webhook_digest = crypto.digest("webhook", secret, key=settings.SECRET_KEY)
        try:
            with transaction.atomic():
                connection.save()
        except IntegrityError as error:
            raise InstanceTaken(here=False) from error
        _give_lane(connection, pace, allowed, now=now)
        return connection


def _give_lane(connection: Connection, pace: Pace, allowed: http.AllowedHost, *, now: dt.datetime) -> None:
    lane = SendLane.objects.filter(connection=connection).first()
    if lane is None:
        # The first due time of new lanes is spread over one gap, so that many made at once do not all fire together.
        first = now + dt.timedelta(seconds=random.SystemRandom().uniform(0, pace.gap_min_s))
        lane = SendLane(account_id=connection.account_id, connection=connection, not_before=first)
    lane.host = allowed.host
    lane.gap_min_s, lane.gap_max_s, lane.daily_cap = pace.gap_min_s, pace.gap_max_s, pace.daily_cap
    lane.save()


def set_pace(*, connection: Connection, pace: Pace, now: dt.datetime) -> None:
    """Change the interval and cap of a number, from its next message on. Raises GapInvalid."""
    _check_pace(pace)
    with transaction.atomic():
        locks.lock_account(connection.account_id)
        lanes = locks.lock_lanes(lane_ids=[connection.lane.pk])
        SendLane.objects.filter(pk__in=lanes).update(
            gap_min_s=pace.gap_min_s, gap_max_s=pace.gap_max_s, daily_cap=pace.daily_cap
        )
        locks.wake(lanes, now=now)


def _check_pace(pace: Pace) -> None:
    if not settings.MIN_GAP_S <= pace.gap_min_s <= pace.gap_max_s <= 86_400:
        raise GapInvalid(floor_s=settings.MIN_GAP_S)


def config_of(connection: Connection) -> GatewayConfig:
    """How to reach the instance, secrets opened."""
    return GatewayConfig(connection.gateway, connection.base_url, connection.instance_key, connection.token)


def check_connection(*, connection: Connection, now: dt.datetime) -> InstanceStatus:
    """Ask the gateway for the state and store it; a number found connected wakes its lane. Raises PhoneTaken when the
    WhatsApp number behind the instance is already connected elsewhere (the connection then stays disconnected).
    """
    status = calls.fetch_status(config_of(connection))
    store_status(connection=connection, status=status, now=now)
    return status


def store_status(*, connection: Connection, status: InstanceStatus, now: dt.datetime) -> None:
    """Store what the gateway said. An answer that gives no verdict (`unknown`) keeps a connected number connected."""
    with transaction.atomic():
        locks.lock_account(connection.account_id)
        lanes = locks.lock_lanes(lane_ids=[connection.lane.pk])
        row = Connection.objects.get(pk=connection.pk)
        row.checked_at, row.last_error = now, status.code
        state = row.state if status.state == "unknown" and row.state == ConnectionState.CONNECTED else status.state
        if state == ConnectionState.CONNECTED and status.phone and status.phone != row.phone:
            taken = Connection.objects.filter(phone=status.phone, archived_at__isnull=True).exclude(pk=row.pk).first()
            if taken is not None:
                row.state, row.state_since, row.last_error = ConnectionState.DISCONNECTED, now, "phone_taken"
                row.save(update_fields=["checked_at", "last_error", "state", "state_since"])
                refused: PhoneTaken | None = PhoneTaken(here=taken.account_id == row.account_id)
            else:
                refused, row.phone = None, status.phone
        else:
            refused = None
        if refused is None:
            if state != row.state:
                row.state, row.state_since = state, now
            row.save(update_fields=["checked_at", "last_error", "state", "state_since", "phone"])
        if row.state == ConnectionState.CONNECTED:
            locks.wake(lanes, now=now)
    if refused is not None:
        raise refused


def poll_due(*, now: dt.datetime, limit: int = 200) -> int:
    """Check the connections that were not looked at for a minute; gives how many. A refusal of one stops no other."""
    stale = now - dt.timedelta(seconds=POLL_EVERY_S)
    rows = Connection.objects.filter(archived_at__isnull=True).exclude(checked_at__gt=stale).select_related("lane")
    count = 0
    for connection in rows.order_by("checked_at")[:limit]:
        try:
            check_connection(connection=connection, now=now)
        except PhoneTaken:
            logger.warning("connection.phone_taken", extra={"connection_id": connection.pk})
        count += 1
    return count


def qr_code(*, connection: Connection) -> QrCode:
    """The QR code to scan now."""
    return calls.fetch_qr_code(config_of(connection))


def remove_connection(*, connection: Connection, now: dt.datetime) -> None:
    """Archive the number: its lane, pace and usage stay for the day it is added again. Raises ConnectionInUse."""
    with transaction.atomic():
        locks.lock_account(connection.account_id)
        open_campaigns = Campaign.objects.filter(
            account_id=connection.account_id,
            lanes__connection=connection,
            status__in=(CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.PAUSED),
        )
        names = list(open_campaigns.values_list("name", flat=True)[:3])
        if names:
            raise ConnectionInUse(campaigns=names)
        Connection.objects.filter(pk=connection.pk).update(archived_at=now, state=ConnectionState.DISCONNECTED)
