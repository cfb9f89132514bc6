"""Acks and echoes: from the ids a gateway reports to the receipts of our messages, and to the end of doubts.

Events may come twice, late, in any order, and before our own record of the send. Everything is derived from what a message
already has, under its campaign's lock, so that any stream of the same events gives the same end.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Q

from campaigns.domain import pacing, receipts, settling
from campaigns.domain.states import MessageStatus, ReceiptStatus
from campaigns.gateways.events import Ack, Echo
from campaigns.gateways.registry import gateway_for
from campaigns.models import Campaign, CampaignMessage, Connection, GatewayEvent, Receipt
from campaigns.services import locks, sql
from campaigns.services.events import PROCESSED, Arrived, Handled, ignored, waiting
from campaigns.services.settle import Proof, settle_as_sent

UNDELIVERED = "undelivered"
SEEN_EVERY_S = 60.0  # how exactly a connection knows when it last got an ack: not one write per ack

Key = tuple[int, str]  # connection, gateway message id


@dataclass(slots=True)
class Subject:
    """One id of one connection, with the events of this batch that are about it."""

    key: Key
    arrived: list[Arrived[Ack | Echo]] = field(default_factory=list)

    @property
    def phones(self) -> set[str]:
        return {number for one in self.arrived for number in one.event.phones}

    @property
    def statuses(self) -> list[ReceiptStatus]:
        return [one.event.status for one in self.arrived if isinstance(one.event, Ack)]

    @property
    def last_received_at(self) -> dt.datetime:
        return max(one.received_at for one in self.arrived)


def handle(arrived: Sequence[Arrived[Ack | Echo]], *, now: dt.datetime) -> dict[int, Handled]:
    """Apply a batch; gives what becomes of each event, by its id. The caller holds a transaction and nothing locked."""
    subjects: dict[Key, Subject] = {}
    for one in arrived:
        key = (one.connection_id, one.event.message_id)
        subjects.setdefault(key, Subject(key)).arrived.append(one)
    found = _find(subjects, now=now)
    campaigns = locks.lock_campaigns({message.campaign_id for message in found.messages.values()})
    # Read again, in new statements: what we waited for may have recorded, settled or returned a message.
    found = _find(subjects, now=now, campaign_ids=campaigns)
    _settle(found, campaigns)
    _apply(subjects, found)
    _note_acks(arrived)
    return {one.pk: _handled(found, key) for key, subject in subjects.items() for one in subject.arrived}


@dataclass(slots=True)
class Found:
    """By key: the message it belongs to, the proofs that settle one, and why the others have none."""

    messages: dict[Key, CampaignMessage] = field(default_factory=dict)
    proofs: dict[Key, Proof] = field(default_factory=dict)
    others: dict[Key, Handled] = field(default_factory=dict)


def _find(subjects: Mapping[Key, Subject], *, now: dt.datetime, campaign_ids: Collection[int] | None = None) -> Found:
    """Whom each id belongs to. With `campaign_ids`, a message of another campaign waits: it is not locked."""
    found = Found()
    # In this order: a record that commits in between takes its message out of flight and gives it its id, so that it is
    # seen by the second reading at the latest.
    in_flight = _in_flight(subjects)
    known = _known(subjects)
    unknown = {key: subject for key, subject in subjects.items() if key not in known}
    candidates = _candidates(unknown)
    signs = _signs(unknown, candidates)
    for key, subject in subjects.items():
        message = known.get(key)
        if message is not None and message.status == MessageStatus.UNCONFIRMED:
            found.proofs[key] = Proof(message, key[1], min(one.received_at for one in subject.arrived))
        if message is None:
            if _may_be_in_flight(subject, in_flight[key[0]]):
                found.others[key] = waiting(now)
                continue
            message = _match(key, signs.get(key), candidates[key[0]], found)
        if message is None:
            continue
        if campaign_ids is not None and message.campaign_id not in campaign_ids:
            found.others[key] = waiting(now)
            found.proofs.pop(key, None)
            continue
        found.messages[key] = message
    return found


def _match(
    key: Key, sign: settling.Sign | None, candidates: Sequence[CampaignMessage], found: Found
) -> CampaignMessage | None:
    """The unconfirmed message that an unknown id settles; notes why when there is none."""
    taken = {proof.message.pk for proof in found.proofs.values()}
    by_id = {one.pk: one for one in candidates if one.pk not in taken}
    lease_s = pacing.lease_s(settings.CALL_TIMEOUT_S)
    options = [
        settling.Candidate(one.pk, one.phone, one.body, one.claimed_at, lease_s)
        for one in by_id.values()
        if one.claimed_at is not None
    ]
    answer = settling.match(sign, options) if sign is not None else settling.UNKNOWN
    if isinstance(answer, str) or sign is None:
        found.others[key] = ignored(str(answer))
        return None
    message = by_id[answer.message_id]
    ends = answer.claimed_at + dt.timedelta(seconds=lease_s)
    found.proofs[key] = Proof(message, key[1], min(sign.first_heard_at, ends))
    return message


def _in_flight(subjects: Iterable[Key]) -> dict[int, list[CampaignMessage]]:
    """The message in flight on each connection, if any."""
    rows = CampaignMessage.objects.filter(
        connection_id__in={connection_id for connection_id, _ in subjects}, status=MessageStatus.SENDING
    )
    found: dict[int, list[CampaignMessage]] = defaultdict(list)
    for row in rows.only("connection_id", "phone", "claimed_at"):
        found[row.connection_id].append(row)
    return found


def _may_be_in_flight(subject: Subject, in_flight: Sequence[CampaignMessage]) -> bool:
    """By phone; where only a LID is known, anything claimed before the event was heard."""
    if phones := subject.phones:
        return any(row.phone in phones for row in in_flight)
    return any(row.claimed_at is None or row.claimed_at <= subject.last_received_at for row in in_flight)


def _known(subjects: Iterable[Key]) -> dict[Key, CampaignMessage]:
    """The messages that carry the ids."""
    keys = list(subjects)
    rows = CampaignMessage.objects.filter(
        connection_id__in={connection_id for connection_id, _ in keys}, gateway_message_id__in={ref for _, ref in keys}
    ).exclude(gateway_message_id="")  # as the partial index says it
    return {(row.connection_id, row.gateway_message_id): row for row in rows.defer("body")}


def _candidates(unknown: Mapping[Key, Subject]) -> dict[int, list[CampaignMessage]]:
    """The unconfirmed messages of each connection to the phones in question; all of them where only a LID is known."""
    found: dict[int, list[CampaignMessage]] = defaultdict(list)
    wanted = Q()
    by_connection: dict[int, set[str]] = defaultdict(set)
    everyone = {key[0] for key, subject in unknown.items() if not subject.phones}
    for (connection_id, _), subject in unknown.items():
        by_connection[connection_id] |= subject.phones
    for connection_id, phones in by_connection.items():
        of_phones = Q() if connection_id in everyone else Q(phone__in=phones)
        wanted |= Q(connection_id=connection_id) & of_phones
    if by_connection:
        rows = CampaignMessage.objects.filter(wanted, status=MessageStatus.UNCONFIRMED).order_by("pk")
        for row in rows.select_related("account"):
            found[row.connection_id].append(row)
    return found


def _signs(
    unknown: Mapping[Key, Subject], candidates: Mapping[int, Sequence[CampaignMessage]]
) -> dict[Key, settling.Sign]:
    """What was ever heard of each unknown id that may belong to a candidate; one statement."""
    wanted = {key: subject for key, subject in unknown.items() if candidates.get(key[0])}
    if not wanted:
        return {}
    rows = GatewayEvent.objects.filter(
        connection_id__in={connection_id for connection_id, _ in wanted},
        gateway_message_id__in={ref for _, ref in wanted},
    ).exclude(gateway_message_id="")
    heard: dict[Key, list[dt.datetime]] = defaultdict(list)
    phones: dict[Key, set[str]] = defaultdict(set)
    echoes: dict[Key, list[str]] = defaultdict(list)
    for row in rows.select_related("connection").only(
        "connection", "connection__gateway", "gateway_message_id", "received_at", "body"
    ):
        key = (row.connection_id, row.gateway_message_id)
        event = gateway_for(row.connection.gateway).read_event(row.body)
        if isinstance(event, Ack | Echo):
            heard[key].append(row.received_at)
            phones[key].update(event.phones)
        if isinstance(event, Echo):
            echoes[key].append(event.text)
    return {key: settling.Sign(phones[key], min(heard[key]), tuple(echoes[key])) for key in wanted if heard[key]}


def _settle(found: Found, campaigns: Mapping[int, Campaign]) -> None:
    settled = settle_as_sent(list(found.proofs.values()), campaigns=campaigns)
    for key, proof in found.proofs.items():
        if proof.message.pk in settled:
            found.messages[key].status = MessageStatus.SENT


def _apply(subjects: Mapping[Key, Subject], found: Found) -> None:
    """Receipts, the messages' own state and the campaigns' counters, for messages that were sent."""
    rows: list[Receipt] = []
    moves: list[tuple[sql.Value, ...]] = []
    counts: Counter[tuple[int, int]] = Counter()
    for key, message in found.messages.items():
        if message.status != MessageStatus.SENT:
            found.others[key] = ignored("not_sent")
            continue
        rows += _receipts(subjects[key], message)
        target = receipts.furthest([message.receipt, *subjects[key].statuses])
        if target != message.receipt:
            moves.append((message.pk, target.value))
            before, after = receipts.counts(message.receipt), receipts.counts(target)
            for number in (0, 1):
                counts[message.campaign_id, number] += after[number] - before[number]
            message.receipt = target
    Receipt.objects.bulk_create(rows, ignore_conflicts=True)
    sql.update_rows(
        "campaigns_campaignmessage",
        columns=[("id", "bigint"), ("receipt", "text")],
        assign="receipt = v.receipt",
        where="t.id = v.id",
        rows=sorted(moves),
    )
    ids = sorted({campaign_id for campaign_id, _ in counts})
    sql.update_rows(
        "campaigns_campaign",
        columns=[("id", "bigint"), ("delivered", "integer"), ("read", "integer")],
        assign="delivered_count = t.delivered_count + v.delivered, read_count = t.read_count + v.read",
        where="t.id = v.id",
        rows=[(campaign_id, counts[campaign_id, 0], counts[campaign_id, 1]) for campaign_id in ids],
    )


def _receipts(subject: Subject, message: CampaignMessage) -> list[Receipt]:
    return [
        Receipt(
            account_id=message.account_id,
            connection_id=message.connection_id,
            message=message,
            gateway_message_id=subject.key[1],
            status=one.event.status.value,
            reason=UNDELIVERED if one.event.status is ReceiptStatus.FAILED else "",
            received_at=one.received_at,
        )
        for one in subject.arrived
        if isinstance(one.event, Ack)
    ]


def _note_acks(arrived: Sequence[Arrived[Ack | Echo]]) -> None:
    """That these instances do confirm deliveries: without it, silence about a message means nothing."""
    latest: dict[int, dt.datetime] = {}
    for one in arrived:
        if isinstance(one.event, Ack):
            latest[one.connection_id] = max(latest.get(one.connection_id, one.received_at), one.received_at)
    for connection_id, seen_at in sorted(latest.items()):
        before = seen_at - dt.timedelta(seconds=SEEN_EVERY_S)
        Connection.objects.filter(Q(acks_seen_at__isnull=True) | Q(acks_seen_at__lt=before), pk=connection_id).update(
            acks_seen_at=seen_at
        )


def _handled(found: Found, key: Key) -> Handled:
    return found.others.get(key, PROCESSED)
