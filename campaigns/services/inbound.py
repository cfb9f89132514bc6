"""The inbox of what gateways tell us: stored once, claimed in batches, worked on, tried again. The row is the job."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import math
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import OperationalError, transaction
from django.db import connection as database
from django.db.models import Q

from campaigns.gateways.events import Ack, ConnectionChanged, Echo, Event, Ignored, Incoming
from campaigns.gateways.registry import gateway_for
from campaigns.models import Connection, GatewayEvent
from campaigns.services import locks, receipts, replies
from campaigns.services.events import PROCESSED, Arrived, Handled, Status, ignored

logger = logging.getLogger("campaigns")

BATCH = 100  # events per claim, and per transaction of receipts
LEASE = dt.timedelta(minutes=2)  # a batch takes a second; after this another processor may take it
MOST_PARTS = 200  # of one body; real ones have one
MOST_TRIES = 10
FIRST_RETRY_S = 5  # doubles with each try, up to an hour
LAST_RETRY_S = 3600
BUSY_S = 2  # a lock that somebody holds for long, or a database that is down, is no fault of the event
KEEP = dt.timedelta(days=30)
PRUNE_BATCH = 5000
REDACTED = "***"
Kind = GatewayEvent.Kind
# Conversations that are nobody's business here: not even stored.
PRIVATE = frozenset({"group", "status", "newsletter"})


def store(*, connection: Connection, body: Mapping[str, Any], now: dt.datetime) -> bool:
    """Store what a body tells, each thing once; gives whether something of it should be worked on at once.

    Raises DatabaseError when nothing can be stored.
    """
    gateway = gateway_for(connection.gateway)
    cleaned = clean(body, secret=connection.instance_key)
    parts = gateway.unwrap(cleaned)
    if len(parts) > MOST_PARTS:
        logger.warning("gateway_event.too_many", extra={"connection_id": connection.pk, "parts": len(parts)})
    read = [(part, gateway.read_event(part)) for part in parts[:MOST_PARTS]]
    GatewayEvent.objects.bulk_create(
        [_row(connection, part, event, now) for part, event in read], ignore_conflicts=True
    )
    return any(isinstance(event, Incoming | ConnectionChanged) for _, event in read)


def clean(value: Any, *, secret: str) -> Any:
    """A JSON value without the secret, and without what no database takes: NUL, lone surrogates, infinite numbers."""
    if isinstance(value, Mapping):
        return {clean(str(key), secret=secret): clean(item, secret=secret) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item, secret=secret) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, str):
        text = value.replace(secret, REDACTED) if secret else value
        return text.replace("\x00", "").encode("utf-8", "replace").decode()
    return value


def _row(connection: Connection, part: dict[str, Any], event: Event, now: dt.datetime) -> GatewayEvent:
    # Whether a session opened can be said twice, in equal words; a message's own id makes its events different.
    again = now.isoformat() if isinstance(event, ConnectionChanged) else ""
    text = json.dumps(part, sort_keys=True, separators=(",", ":"))
    private = isinstance(event, Ignored) and event.reason in PRIVATE
    return GatewayEvent(
        account_id=connection.account_id,
        connection=connection,
        digest=hashlib.sha256(f"{again}{text}".encode()).hexdigest(),
        kind=_kind(event),
        gateway_message_id=event.message_id if isinstance(event, Ack | Echo | Incoming) else "",
        body={} if private else part,
        received_at=now,
        status=Status.IGNORED if isinstance(event, Ignored) else Status.PENDING,
        reason=event.reason if isinstance(event, Ignored) else "",
        try_at=None if isinstance(event, Ignored) else now,
    )


def _kind(event: Event) -> GatewayEvent.Kind:
    match event:
        case Ack():
            return Kind.ACK
        case Echo():
            return Kind.ECHO
        case Incoming():
            return Kind.INCOMING
        case ConnectionChanged():
            return Kind.CONNECTION
        case Ignored():
            return Kind.OTHER


@dataclass(slots=True)
class Run:
    """What one run did: how many events ended in each status, and the connections whose state should be asked for."""

    results: Counter[str] = field(default_factory=Counter)
    changed: set[int] = field(default_factory=set)


def process_due(*, now: dt.datetime, within: Callable[[], bool] = lambda: True) -> Run:
    """Work on the events that are due, batch by batch, while there are any and `within()` holds."""
    run = Run()
    while within():
        rows = _claim(now)
        if not rows:
            break
        _process(rows, run, now=now)
    return run


def _claim(now: dt.datetime) -> list[GatewayEvent]:
    """Take up to BATCH events for this processor, oldest first; committed before any is worked on."""
    due = GatewayEvent.objects.filter(
        Q(claimed_until__isnull=True) | Q(claimed_until__lt=now), try_at__isnull=False, try_at__lte=now
    ).order_by("try_at", "pk")
    skip_locked = database.features.has_select_for_update_skip_locked
    with transaction.atomic():
        ids = list(due.select_for_update(skip_locked=skip_locked).values_list("pk", flat=True)[:BATCH])
        GatewayEvent.objects.filter(pk__in=ids).update(claimed_until=now + LEASE)
    rows = GatewayEvent.objects.filter(pk__in=ids).select_related("connection").order_by("pk")
    return list(rows.defer("connection__token", "connection__instance_key", "connection__webhook_secret"))


def _process(rows: Sequence[GatewayEvent], run: Run, *, now: dt.datetime) -> None:
    reports: list[Arrived[Ack | Echo]] = []
    written: list[Arrived[Incoming]] = []
    simple: dict[int, Handled] = {}
    for row in rows:
        event = gateway_for(row.connection.gateway).read_event(row.body)
        where = (row.pk, row.account_id, row.connection_id, row.received_at)
        match event:
            case Ack() | Echo():
                reports.append(Arrived(*where, event))
            case Incoming():
                written.append(Arrived(*where, event))
            case ConnectionChanged():
                simple[row.pk] = PROCESSED
                run.changed.add(row.connection_id)
            case Ignored():  # read otherwise by an earlier version
                simple[row.pk] = ignored(event.reason)
    for one in written:  # first: who asks to stop must be heard before the next send
        _attempt([one], lambda batch: {batch[0].pk: replies.handle(batch[0], now=now)}, run, now=now)
    if simple:
        _finish(simple, run)
    _attempt(reports, lambda batch: receipts.handle(batch, now=now), run, now=now)


def _attempt(
    batch: Sequence[Arrived[Any]],
    work: Callable[[Sequence[Arrived[Any]]], Mapping[int, Handled]],
    run: Run,
    *,
    now: dt.datetime,
) -> None:
    """Work on the batch in one transaction with its rows. One that fails is split by account and then by event, so that
    one account's long lock, or one bad row, stops no other.
    """
    if not batch:
        return
    try:
        with transaction.atomic():
            locks.limit_lock_wait()
            handled = work(batch)
            _write(handled)
    except Exception as error:  # noqa: BLE001 - one event's fault must not stop the others; it is logged and tried again
        accounts = {one.account_id for one in batch}
        logger.warning("gateway_event.split", extra={"size": len(batch), "error": type(error).__name__})
        if len(accounts) > 1:
            for account_id in sorted(accounts):
                _attempt([one for one in batch if one.account_id == account_id], work, run, now=now)
        elif isinstance(error, OperationalError):
            _postpone([one.pk for one in batch], now=now)
        elif len(batch) == 1:
            _failed(batch[0].pk, error, run, now=now)
        else:
            for one in batch:
                _attempt([one], work, run, now=now)
    else:
        run.results.update(str(one.status.value) for one in handled.values())


def _finish(handled: Mapping[int, Handled], run: Run) -> None:
    with transaction.atomic():
        _write(handled)
    run.results.update(str(one.status.value) for one in handled.values())


def _write(handled: Mapping[int, Handled]) -> None:
    """What became of the events; one that another processor finished stays finished."""
    same: dict[Handled, list[int]] = defaultdict(list)
    for pk, one in handled.items():
        same[one].append(pk)
    for one, pks in same.items():
        fields: dict[str, Any] = {"status": one.status, "reason": one.reason, "try_at": one.try_at}
        if one.forget:
            fields["body"] = {}
        GatewayEvent.objects.filter(pk__in=pks, try_at__isnull=False).update(claimed_until=None, **fields)


def _postpone(event_ids: Sequence[int], *, now: dt.datetime) -> None:
    later = now + dt.timedelta(seconds=BUSY_S)
    GatewayEvent.objects.filter(pk__in=event_ids, try_at__isnull=False).update(try_at=later, claimed_until=None)


def _failed(event_id: int, error: Exception, run: Run, *, now: dt.datetime) -> None:
    """Note the failure and when to try again. Logged without the exception's text: the database's holds the row's values."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    event = GatewayEvent.objects.get(pk=event_id)
    event.tries += 1
    gave_up = event.tries >= MOST_TRIES
    later = now + dt.timedelta(seconds=min(FIRST_RETRY_S * 2 ** (event.tries - 1), LAST_RETRY_S))
    event.status, event.try_at = (Status.FAILED, None) if gave_up else (Status.PENDING, later)
    event.reason, event.claimed_until = type(error).__name__[:60], None
    event.save(update_fields=["tries", "reason", "try_at", "claimed_until", "status"])
    run.results[str(event.status.value)] += 1
    logger.error(
        "gateway_event.failed",
        extra={
            "event_id": event_id,
            "tries": event.tries,
            "error": event.reason,
            "where": f"{where.name}:{where.lineno}",
        },
    )


def prune(*, now: dt.datetime) -> int:
    """Delete one batch of events that are done with and older than a month; gives how many."""
    old = GatewayEvent.objects.filter(try_at__isnull=True, received_at__lt=now - KEEP)
    ids = list(old.order_by("pk").values_list("pk", flat=True)[:PRUNE_BATCH])
    GatewayEvent.objects.filter(pk__in=ids).delete()
    return len(ids)
