"""Write the answers: one micro-batch, one transaction. Only rows whose claim is still ours move anything.

A late answer (the lease was lost meanwhile) settles its message as sent or failed, never as queued, and never touches a
lane that was claimed again. A late `unknown` changes nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction

from campaigns.domain.states import CampaignStatus, MessageStatus
from campaigns.gateways.base import PROVES_NOTHING_SENT, OutcomeClass, SendOutcome
from campaigns.models import Campaign, CampaignMessage
from campaigns.services import killpoints, locks, memory, sql, usage
from campaigns.services import lanes as lane_moves
from campaigns.services.claim import Claimed
from campaigns.services.counters import INVALID, Moves, move

logger = logging.getLogger("campaigns")

MAX_TRIES = 3
BEHIND = 1_000_000_000  # added to the position of a message that is tried again: behind the others of its campaign


@dataclass(frozen=True, slots=True)
class Answered:
    """The outcome of one claimed send. Times are on the claim's clock: `claimed_at` plus elapsed boot time."""

    claimed: Claimed
    outcome: SendOutcome
    wa_id: str
    checked: bool
    started_at: dt.datetime
    answered_at: dt.datetime
    claim_begun: float = 0.0  # boot time


@dataclass(frozen=True, slots=True)
class Settled:
    """What one answer makes of its message. `source` is the counter it leaves, `target` the one it enters."""

    answered: Answered
    status: MessageStatus
    reason: str
    source: str
    target: str
    tries: int
    position: int
    gives_back: bool  # it is proved that nothing was sent: the quota returns, on the same local day


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many messages a batch settled or returned, and the answers that could not be written: try them again."""

    count: int
    left: list[Answered]


def record_batch(batch: Sequence[Answered], *, now: dt.datetime) -> Recorded:
    """Record the answers. A batch that fails (a lock that somebody holds for long, a bad row) is split by account and then
    by message, so that one stops no other. What is never written is settled as unconfirmed by its lease: no truth is lost.
    """
    if not batch:
        return Recorded(0, [])
    try:
        return Recorded(_record(batch, now=now), [])
    except Exception as error:
        accounts = {answered.claimed.account_id for answered in batch}
        logger.warning("record.failed", exc_info=True, extra={"size": len(batch), "accounts": sorted(accounts)})
        connection.close_if_unusable_or_obsolete()
        by_account = len(accounts) > 1
        if len(batch) == 1 or (not by_account and isinstance(error, OperationalError)):
            return Recorded(0, list(batch))
    parts: dict[int, list[Answered]] = defaultdict(list)
    for answered in batch:
        parts[answered.claimed.account_id if by_account else answered.claimed.message_id].append(answered)
    results = [record_batch(part, now=now) for part in parts.values()]
    return Recorded(sum(one.count for one in results), [answered for one in results for answered in one.left])


def _record(batch: Sequence[Answered], *, now: dt.datetime) -> int:
    with transaction.atomic():
        locks.limit_lock_wait()
        returning = {a.claimed.account_id for a in batch if a.outcome.outcome in PROVES_NOTHING_SENT}
        locks.lock_allowances(returning)
        lanes = locks.lock_lanes(account_ids=returning, lane_ids={a.claimed.lane_id for a in batch})
        campaigns = locks.lock_campaigns({a.claimed.campaign_id for a in batch})
        settled = _keep_ours(_settle(batch, campaigns))
        _count(settled, campaigns)
        _write_attempts([s.answered for s in settled])
        memory.remember(_contact(s.answered) for s in settled if not s.gives_back)
        given_back = [s.answered.claimed for s in settled if s.gives_back]
        lane_moves.give_back_quota(given_back)
        moved = lane_moves.after_answers(batch, lanes=lanes, kept={s.answered.claimed.token for s in settled})
        lane_moves.remember_ids([s.answered for s in settled])
        owners = {claimed.account_id for claimed in given_back}
        locks.wake([pk for pk, lane in lanes.items() if lane.account_id in owners and pk not in moved], now=now)
        killpoints.reached("before_record_commit")
        return len(settled)


def _settle(batch: Sequence[Answered], campaigns: Mapping[int, Campaign]) -> list[Settled]:
    """What each answer makes of its message, read under the locks of its lane and campaign."""
    rows = {
        row.claim_token: row
        for row in CampaignMessage.objects.filter(claim_token__in=[a.claimed.token for a in batch]).only(
            "claim_token", "lease_lost_at", "tries", "position"
        )
    }
    settled = []
    for answered in batch:
        row = rows.get(answered.claimed.token)
        late = row is not None and row.lease_lost_at is not None
        if row is None or (late and answered.outcome.outcome is OutcomeClass.UNKNOWN):
            continue
        cancelled = campaigns[answered.claimed.campaign_id].status == CampaignStatus.CANCELLED
        settled.append(_verdict(answered, row, late=late, cancelled=cancelled))
    return settled


def _verdict(answered: Answered, row: CampaignMessage, *, late: bool, cancelled: bool) -> Settled:
    kind, code = answered.outcome.outcome, answered.outcome.code
    source = MessageStatus.UNCONFIRMED if late else MessageStatus.SENDING
    tries, position, target, gives_back = row.tries, row.position, "", kind in PROVES_NOTHING_SENT
    if kind is OutcomeClass.ACCEPTED:
        status, code = MessageStatus.SENT, ""
    elif kind is OutcomeClass.UNKNOWN:
        status = MessageStatus.UNCONFIRMED
    elif kind is OutcomeClass.REFUSED_NUMBER:
        status, target = MessageStatus.FAILED, INVALID
    elif kind is OutcomeClass.REFUSED_MESSAGE or late:
        status = MessageStatus.FAILED
    elif cancelled:
        status, code = MessageStatus.CANCELLED, "campaign_cancelled"
    elif kind is OutcomeClass.REFUSED_LANE:
        status = MessageStatus.QUEUED  # keeps its place: the lane was refused, not the message
    else:
        tries += 1
        status = MessageStatus.QUEUED if tries < MAX_TRIES else MessageStatus.FAILED
        position += BEHIND
    return Settled(answered, status, code, source, target or status, tries, position, gives_back)


def _keep_ours(settled: Sequence[Settled]) -> list[Settled]:
    """Write the messages by id and claim token; gives those whose row was still ours."""
    rows: list[tuple[sql.Value, ...]] = []
    for s in sorted(settled, key=lambda s: s.answered.claimed.message_id):
        a = s.answered
        sent_at = a.answered_at if s.status is MessageStatus.SENT else None
        rows.append(
            (
                a.claimed.message_id,
                a.claimed.token,
                s.status.value,
                s.reason[:40],
                sent_at,
                a.answered_at,
                a.outcome.message_id,
                a.wa_id,
                s.tries,
                s.position,
            )
        )
    kept = sql.update_rows(
        "campaigns_campaignmessage",
        columns=[
            ("id", "bigint"),
            ("token", "text"),
            ("status", "text"),
            ("reason", "text"),
            ("sent_at", "timestamptz"),
            ("answered_at", "timestamptz"),
            ("gateway_id", "text"),
            ("wa_id", "text"),
            ("tries", "integer"),
            ("position", "bigint"),
        ],
        assign="status = v.status, reason = v.reason, sent_at = v.sent_at, answered_at = v.answered_at,"
        " gateway_message_id = v.gateway_id, wa_id = v.wa_id, tries = v.tries, position = v.position, claim_token = NULL",
        where="t.id = v.id AND t.claim_token = v.token",
        rows=rows,
    )
    ids = set(kept)
    return [s for s in settled if s.answered.claimed.message_id in ids]


def _count(settled: Sequence[Settled], campaigns: Mapping[int, Campaign]) -> None:
    moves, days = Moves(), usage.Days()
    last_sent: dict[int, dt.datetime] = {}
    given_back: dict[int, Counter[dt.date]] = defaultdict(Counter)
    for s in settled:
        claimed = s.answered.claimed
        moves.add(claimed.campaign_id, s.source, s.target)
        if s.source == MessageStatus.UNCONFIRMED:
            days.add(claimed.account_id, claimed.campaign_id, claimed.day, unconfirmed=-1)
        if s.target in usage.COLUMNS:
            days.add(claimed.account_id, claimed.campaign_id, claimed.day, **{str(s.target): 1})
        if s.status is MessageStatus.SENT:
            held = last_sent.get(claimed.campaign_id) or campaigns[claimed.campaign_id].last_sent_at
            last_sent[claimed.campaign_id] = max(held or s.answered.answered_at, s.answered.answered_at)
        if s.gives_back:
            given_back[claimed.campaign_id][claimed.day] += 1
    move(moves, campaigns=campaigns, last_sent=last_sent, given_back=given_back)
    days.write()


def _write_attempts(batch: Sequence[Answered]) -> None:
    """One row per send call; it completes the row that a lease rescue wrote for the same claim."""
    if not batch:
        return
    rows: list[tuple[sql.Value, ...]] = [
        (
            a.claimed.account_id,
            a.claimed.message_id,
            a.claimed.token,
            a.started_at,
            a.answered_at,
            a.outcome.outcome.value,
            a.outcome.code[:40],
            a.outcome.http_status,
            a.outcome.answer,
            int((a.answered_at - a.started_at).total_seconds() * 1000),
        )
        for a in batch
    ]
    kinds = ["bigint", "bigint", "text", "timestamptz", "timestamptz", "text", "text", "integer", "text", "integer"]
    text, params = sql.values(rows, kinds)
    learned = ("answered_at", "outcome", "code", "http_status", "answer", "elapsed_ms")
    sql.execute(
        "INSERT INTO campaigns_attempt (account_id, message_id, claim_token, started_at, answered_at, outcome, code,"
        f" http_status, answer, elapsed_ms) {text} ON CONFLICT (claim_token) DO UPDATE SET"
        f" {', '.join(f'{column} = excluded.{column}' for column in learned)}",
        params,
    )


def _contact(answered: Answered) -> memory.Contact:
    claimed = answered.claimed
    return claimed.account_id, claimed.phone, claimed.connection_id, claimed.message_id, answered.answered_at
