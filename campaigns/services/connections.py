"""Registering, checking, pacing and removing WhatsApp numbers. One number is one lane: it is never connected twice."""

from __future__ import annotations

import datetime as dt
import logging
import random
import secrets
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import Account
from billing.models import SendAllowance
from campaigns.domain.states import CampaignStatus
from campaigns.errors import ConnectionInUse, GapInvalid, InstanceTaken, PhoneTaken, TooManyConnections
from campaigns.gateways import calls
from campaigns.gateways.base import GatewayConfig, InstanceStatus, QrCode
from campaigns.gateways.registry import gateway_for
from campaigns.models import Campaign, Connection, ConnectionState, Gateway, SendLane
from campaigns.services import locks
from leads_infinitos.kernel import crypto, http

logger = logging.getLogger("campaigns")

POLL_EVERY_S = 55.0  # a little under beat's minute, so that no tick comes too early for anyone
POLL_CALLS = 16


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
    allowed = http.allowed_base(
        host, vendor_domains=gateway_for(gateway).vendor_domains, extra=settings.GATEWAY_ALLOWED_HOSTS
    )
    # Pasted from the vendor's panel: a line break inside would spoil every request.
    key, token = "".join(instance_key.split()), " ".join(token.split())
    digest = crypto.digest(gateway, allowed.base, key, key=settings.SECRET_KEY)
    with transaction.atomic():
        allowance = locks.lock_account(account.pk)
        _check_pace(pace, allowance)
        taken = Connection.objects.filter(vendor_digest=digest, archived_at__isnull=True).first()
        if taken is not None:
            raise InstanceTaken(here=taken.account_id == account.pk)
        if account.connections.filter(archived_at__isnull=True).count() >= allowance.numbers:
            raise TooManyConnections(limit=allowance.numbers)
        removed = Connection.objects.filter(account=account, vendor_digest=digest).order_by("-archived_at").first()
        lane = locks.lock_lanes(lane_ids=[removed.lane.pk])[removed.lane.pk] if removed is not None else None
        connection = removed or Connection(account=account, vendor_digest=digest, created_at=now)
        connection.name, connection.gateway, connection.base_url = name, gateway, allowed.base
        connection.instance_key, connection.token = key, token
        connection.state, connection.state_since = ConnectionState.UNKNOWN, now
        connection.checked_at, connection.last_error = None, ""
        connection.archived_at, connection.phone = None, None
        secret = connection.webhook_secret or secrets.token_urlsafe(32)
        connection.webhook_secret = secret
        connection.webhook_digest = crypto.digest("webhook", secret, key=settings.SECRET_KEY)
        try:
            with transaction.atomic():
                connection.save()
        except IntegrityError as error:
            raise InstanceTaken(here=False) from error
        _give_lane(connection, lane, pace, allowed, now=now)
        return connection


def _give_lane(
    connection: Connection, lane: SendLane | None, pace: Pace, allowed: http.AllowedHost, *, now: dt.datetime
) -> None:
    """A new lane, or the connection's own from before with the interval chosen now; its next time and usage stay."""
    if lane is None:
        # The first due time of new lanes is spread over one gap, so that many made at once do not all fire together.
        first = now + dt.timedelta(seconds=random.SystemRandom().uniform(0, pace.gap_min_s))
        lane = SendLane.objects.create(
            account_id=connection.account_id, connection=connection, host=allowed.host, not_before=first
        )
    SendLane.objects.filter(pk=lane.pk).update(
        host=allowed.host, gap_min_s=pace.gap_min_s, gap_max_s=pace.gap_max_s, daily_cap=pace.daily_cap
    )


def set_pace(*, connection: Connection, pace: Pace, now: dt.datetime) -> None:
    """Change the interval and cap of a number, from its next message on. Raises GapInvalid."""
    with transaction.atomic():
        _check_pace(pace, locks.lock_account(connection.account_id))
        lanes = locks.lock_lanes(lane_ids=[connection.lane.pk])
        SendLane.objects.filter(pk__in=lanes).update(
            gap_min_s=pace.gap_min_s, gap_max_s=pace.gap_max_s, daily_cap=pace.daily_cap
        )
        locks.wake(lanes, now=now)


def _check_pace(pace: Pace, allowance: SendAllowance) -> None:
    floor_s = max(settings.MIN_GAP_S, allowance.min_gap_s)
    if not floor_s <= pace.gap_min_s <= pace.gap_max_s <= 86_400:
        raise GapInvalid(floor_s=floor_s)


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
    """Store what the gateway said. An answer that gives no verdict (`unknown`) keeps a connected number connected.

    Raises PhoneTaken, after storing that the connection is unusable.
    """
    with transaction.atomic():
        locks.lock_account(connection.account_id)
        lanes = locks.lock_lanes(lane_ids=[connection.lane.pk])
        row = Connection.objects.get(pk=connection.pk)
        if row.archived_at is not None:
            return
        keeps = status.state == "unknown" and row.state == ConnectionState.CONNECTED
        state, code = row.state if keeps else status.state, status.code
        refused = _take_phone(row, status.phone) if state == ConnectionState.CONNECTED and status.phone else None
        if refused is not None:
            state, code = ConnectionState.DISCONNECTED, refused.code
        changed = state != row.state
        row.state_since = now if changed else row.state_since
        row.checked_at, row.last_error, row.state = now, code, state
        row.save(update_fields=["checked_at", "last_error", "state", "state_since"])
        if changed and state == ConnectionState.CONNECTED:
            locks.wake(lanes, now=now)
    if refused is not None:
        raise refused


def _take_phone(row: Connection, phone: str) -> PhoneTaken | None:
    """Note which number is behind the instance; gives the refusal when it is connected elsewhere."""
    try:
        with transaction.atomic():  # the constraint decides: the other account is not locked
            Connection.objects.filter(pk=row.pk).exclude(phone=phone).update(phone=phone)
    except IntegrityError:
        here = Connection.objects.filter(account_id=row.account_id, phone=phone, archived_at__isnull=True)
        return PhoneTaken(here=here.exists())
    return None


def poll_due(*, now: dt.datetime, limit: int = 200) -> int:
    """Check the connections that were not looked at for a minute, the longest unseen first; gives how many.

    Gateways are asked side by side and each answer is stored as it comes: a hanging one delays nobody's.
    """
    stale = now - dt.timedelta(seconds=POLL_EVERY_S)
    rows = Connection.objects.filter(archived_at__isnull=True).exclude(checked_at__gt=stale).select_related("lane")
    due = list(rows.order_by(F("checked_at").asc(nulls_first=True))[:limit])
    with ThreadPoolExecutor(max_workers=POLL_CALLS, thread_name_prefix="poll") as pool:
        asked = {pool.submit(calls.fetch_status, config_of(connection)): connection for connection in due}
        for answer in as_completed(asked):
            connection = asked[answer]
            try:
                store_status(connection=connection, status=answer.result(), now=now)
            except PhoneTaken:
                logger.warning("connection.phone_taken", extra={"connection_id": connection.pk})
            except Exception:
                logger.exception("connection.poll_failed", extra={"connection_id": connection.pk})
    return len(due)


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
