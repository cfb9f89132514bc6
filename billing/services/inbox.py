"""The inbox of payment events: stored raw once, claimed, worked on each in its own transaction, tried again, replayed.

The row is the job. Whoever processes an event locks its row first and leaves it alone unless it is still pending, so that
two processors, or a lease that ran out, never work on one event at the same time.
"""

from __future__ import annotations

import datetime as dt
import logging
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from billing.domain.envelope import Body, Envelope, open_envelope, unreadable_key
from billing.domain.payload import Ignore, Park, read_event
from billing.models import PaymentEvent
from billing.services.purchases import Outcome, record_purchase

logger = logging.getLogger(__name__)

BATCH = 50  # events per claim
LEASE = dt.timedelta(minutes=2)  # a batch takes seconds; after this another processor may take its rest
MOST_TRIES = 10
FIRST_RETRY_S = 5  # doubles with each try, up to an hour
LAST_RETRY_S = 3600
# Reasons that a known subscription heals, and those that a new catalogue heals.
_HEALED_BY_SUBSCRIPTION = ("missing_email", "unknown_plan")
_HEALED_BY_CATALOGUE = ("unknown_plan", "ignored_product")

Status = PaymentEvent.Status


@dataclass(frozen=True)
class Stored:
    """What became of a posted body: the row's id, and whether that id was stored before with another body."""

    event_id: int
    conflicts: bool


def store(body: Body, *, now: dt.datetime) -> Stored:
    """Store a redacted body once; a repetition finds the row that is there. Raises DatabaseError when nothing can be stored."""
    event = _pending(body.payload, now) if body.payload is not None else _unreadable(body.raw, now)
    PaymentEvent.objects.bulk_create([event], ignore_conflicts=True)
    row_id, digest = PaymentEvent.objects.values_list("pk", "body_digest").get(
        source=event.source, dedupe_key=event.dedupe_key
    )
    if digest != event.body_digest:
        logger.error("hotmart.same_id_other_body", extra={"event_id": row_id})
    return Stored(row_id, conflicts=digest != event.body_digest)


def process_due(*, now: dt.datetime, within: Callable[[], bool] = lambda: True) -> Counter[str]:
    """Process pending events that are due, batch by batch, while there are any and `within()` holds.

    Returns how many ended in each status; an event that raised is counted as `pending` or, after its last try, `failed`.
    """
    results: Counter[str] = Counter()
    while within():
        claimed = _claim(PaymentEvent.objects.filter(status=Status.PENDING, try_at__lte=now), now)
        if not claimed:
            break
        results.update(_process(event_id, now) for event_id in claimed)
    return results


def replay(*, event_ids: Iterable[int], now: dt.datetime) -> Counter[str]:
    """Process these events again now, whatever became of them before; counts as `process_due`."""
    ids = sorted(event_ids)
    chosen = PaymentEvent.objects.filter(pk__in=ids)
    reset_events(chosen, now=now)
    chosen.update(claimed_until=now + LEASE)  # ours: a worker that ticks meanwhile leaves them alone
    return Counter(_process(event_id, now) for event_id in ids)


def reset_events(events: QuerySet[PaymentEvent], *, now: dt.datetime) -> int:
    """Make events pending again, due now; returns how many. Unreadable ones stay as they are: nothing can read them."""
    return events.filter(payload__isnull=False).update(
        status=Status.PENDING, try_at=now, tries=0, reason="", claimed_until=None
    )


def retry_after_catalogue(*, now: dt.datetime) -> int:
    """Make pending again what a catalogue may have healed; returns how many."""
    return reset_events(PaymentEvent.objects.filter(reason__in=_HEALED_BY_CATALOGUE), now=now)


def _pending(payload: dict[str, object], now: dt.datetime) -> PaymentEvent:
    envelope: Envelope = open_envelope(payload)
    return PaymentEvent(
        dedupe_key=envelope.dedupe_key,
        event=envelope.event,
        payload=payload,
        body_digest=envelope.digest,
        subscriber_code=envelope.subscriber_code,
        transaction=envelope.transaction,
        buyer_email=envelope.buyer_email,
        produced_at=envelope.produced_at,
        received_at=now,
        try_at=now,
    )


def _unreadable(raw: bytes, now: dt.datetime) -> PaymentEvent:
    logger.error("hotmart.unreadable_body", extra={"bytes": len(raw)})
    key = unreadable_key(raw)
    return PaymentEvent(
        dedupe_key=key,
        raw=raw,
        body_digest=key.removeprefix("raw:"),
        received_at=now,
        try_at=now,
        status=Status.PARKED,
        reason="unreadable",
    )


def _claim(events: QuerySet[PaymentEvent], now: dt.datetime) -> list[int]:
    """Take up to BATCH events for this processor, oldest first; committed before any is worked on."""
    free = events.filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=now), status=Status.PENDING)
    skip_locked = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        chosen = free.order_by("try_at", "pk").select_for_update(skip_locked=skip_locked)
        ids = list(chosen.values_list("pk", flat=True)[:BATCH])
        PaymentEvent.objects.filter(pk__in=ids).update(claimed_until=now + LEASE)
    return ids


def _process(event_id: int, now: dt.datetime) -> str:
    """Work on one claimed event; the status it has afterwards, empty when another processor finished it."""
    try:
        with transaction.atomic():
            event = PaymentEvent.objects.select_for_update().filter(pk=event_id, status=Status.PENDING).first()
            if event is None:
                return ""
            outcome = _handle(event, now)
            event.status, event.reason, event.account = outcome.status, outcome.reason, outcome.account
            event.claimed_until, event.processed_at = None, now
            event.save(update_fields=["status", "reason", "account", "claimed_until", "processed_at"])
    except Exception as error:  # noqa: BLE001 (one event's fault must not stop the others; it is logged and tried again)
        return _failed(event_id, error, now)
    if outcome.status == Status.PARKED:
        logger.warning("hotmart.event_parked", extra={"event_id": event_id, "reason": outcome.reason})
    return str(outcome.status)


def _handle(event: PaymentEvent, now: dt.datetime) -> Outcome:
    meaning = read_event(event.event, event.payload or {}, received_at=event.received_at)
    if isinstance(meaning, Ignore):
        if meaning.reason == "unknown_event":
            _report_unknown(event)
        return Outcome(Status.IGNORED, meaning.reason)
    if isinstance(meaning, Park):
        return Outcome(Status.PARKED, meaning.reason)
    outcome = record_purchase(purchase=meaning, event=event, now=now)
    if outcome.account is not None and outcome.status == Status.PROCESSED:
        _retry_of_subscription(event, now)
    return outcome


def _retry_of_subscription(event: PaymentEvent, now: dt.datetime) -> None:
    """Events that were parked for what this one has supplied are due again."""
    same = Q(transaction=event.transaction) if event.transaction else Q()
    if event.subscriber_code:
        same |= Q(subscriber_code=event.subscriber_code)
    waiting = PaymentEvent.objects.filter(same, status=Status.PARKED, reason__in=_HEALED_BY_SUBSCRIPTION)
    # Rows that somebody replays at this moment are left to them: waiting for their lock here could be a deadlock.
    skip_locked = connection.features.has_select_for_update_skip_locked
    ids = list(waiting.select_for_update(skip_locked=skip_locked).values_list("pk", flat=True))
    reset_events(PaymentEvent.objects.filter(pk__in=ids), now=now)


def _report_unknown(event: PaymentEvent) -> None:
    """Once per name: new events of Hotmart appear without notice (contract §3)."""
    if not PaymentEvent.objects.filter(event=event.event, status=Status.IGNORED).exists():
        logger.error("hotmart.unknown_event", extra={"event": event.event})


def _failed(event_id: int, error: Exception, now: dt.datetime) -> str:
    """Note the failure and when to try again. Logged without the exception's text: the database's holds the row's values."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    with transaction.atomic():
        event = PaymentEvent.objects.select_for_update().filter(pk=event_id, status=Status.PENDING).first()
        if event is None:  # another processor finished it meanwhile
            return ""
        event.tries += 1
        event.reason = type(error).__name__[:60]
        event.try_at = now + dt.timedelta(seconds=min(FIRST_RETRY_S * 2 ** (event.tries - 1), LAST_RETRY_S))
        event.claimed_until = None
        event.status = Status.FAILED if event.tries >= MOST_TRIES else Status.PENDING
        event.save(update_fields=["tries", "reason", "try_at", "claimed_until", "status"])
    values = {
        "event_id": event_id,
        "tries": event.tries,
        "error": event.reason,
        "where": f"{where.name}:{where.lineno}",
    }
    logger.error("hotmart.event_failed", extra=values)
    return str(event.status)
