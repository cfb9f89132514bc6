"""What answers do to a lane: its next time, its rests, the quota that comes back, and the ids it learned."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from billing.models import SendAllowance
from campaigns.gateways.base import OutcomeClass
from campaigns.models import Connection, ConnectionState, SendLane
from campaigns.services import sql

if TYPE_CHECKING:
    from campaigns.services.claim import Claimed
    from campaigns.services.record import Answered

UNKNOWNS_THAT_REST = 2  # two answers in a row that prove nothing: the gateway is not well
UNKNOWN_REST_S = 300.0
# A refused instance is asked for its state by the poll; until it is found connected again nothing leaves.
REFUSED_REST_S = 60.0
DISCONNECTING = frozenset({"disconnected", "auth", "instance_missing"})


def after_answers(batch: Sequence[Answered], *, lanes: Mapping[int, SendLane], kept: Collection[str]) -> set[int]:
    """Move each lane whose claim this answer belongs to: pulled back to the answer plus its gap, or at rest.

    An unknown leaves the lane where its claim put it: the gateway may have accepted after our timeout. Gives the lanes that
    moved. The caller holds the lanes.
    """
    rows: list[tuple[sql.Value, ...]] = []
    down: dict[int, str] = {}
    for answered in batch:
        claimed, outcome = answered.claimed, answered.outcome
        lane = lanes.get(claimed.lane_id)
        if lane is None or lane.in_flight_token != claimed.token or claimed.token not in kept:
            continue
        unknown = outcome.outcome is OutcomeClass.UNKNOWN
        streak = lane.unknown_streak + 1 if unknown else 0
        not_before = lane.not_before if unknown else answered.answered_at + dt.timedelta(seconds=claimed.gap_s)
        rest_until, rest_reason = lane.rest_until, lane.rest_reason
        if outcome.outcome is OutcomeClass.REFUSED_LANE:
            rest_s = outcome.retry_after_s or REFUSED_REST_S
            rest_until, rest_reason = answered.answered_at + dt.timedelta(seconds=rest_s), outcome.code
            if outcome.code in DISCONNECTING:
                down[claimed.connection_id] = outcome.code
        elif streak >= UNKNOWNS_THAT_REST:
            rest_until = answered.answered_at + dt.timedelta(seconds=UNKNOWN_REST_S)
            rest_reason, streak = "gateway_unwell", 0
        wake_at = max(not_before, rest_until) if rest_until is not None else not_before
        rows.append((lane.pk, not_before, wake_at, rest_until, rest_reason, streak))
    _write(sorted(rows, key=lambda row: str(row[0])))
    _mark_down(down, batch)
    return {int(str(row[0])) for row in rows}


def _write(rows: Sequence[tuple[sql.Value, ...]]) -> None:
    sql.update_rows(
        "campaigns_sendlane",
        columns=[
            ("id", "bigint"),
            ("not_before", "timestamptz"),
            ("wake_at", "timestamptz"),
            ("rest_until", "timestamptz"),
            ("rest_reason", "text"),
            ("streak", "integer"),
        ],
        assign="not_before = v.not_before, wake_at = v.wake_at, rest_until = v.rest_until, rest_reason = v.rest_reason,"
        " unknown_streak = v.streak, in_flight_token = NULL, in_flight_until = NULL",
        where="t.id = v.id",
        rows=rows,
    )


def _mark_down(down: Mapping[int, str], batch: Sequence[Answered]) -> None:
    """The gateway refused the instance itself: shown at once, and nothing leaves before the poll finds it connected."""
    at = {answered.claimed.connection_id: answered.answered_at for answered in batch}
    for connection_id, code in sorted(down.items()):
        connected = Connection.objects.filter(pk=connection_id).exclude(state=ConnectionState.DISCONNECTED)
        connected.update(state=ConnectionState.DISCONNECTED, state_since=at[connection_id], last_error=code)


def give_back_quota(*, settled: Sequence[Claimed], allowances: Mapping[int, SendAllowance]) -> None:
    """Return what was reserved for messages that provably never left, on the local day they were reserved."""
    accounts = Counter((claimed.account_id, claimed.day) for claimed in settled)
    for (account_id, day), count in sorted(accounts.items()):
        allowance = allowances[account_id]
        if allowance.used_on == day:
            allowance.used_count = max(allowance.used_count - count, 0)
            allowance.save(update_fields=["used_count"])
    lanes = Counter((claimed.lane_id, claimed.day) for claimed in settled)
    sql.update_rows(
        "campaigns_sendlane",
        columns=[("id", "bigint"), ("day", "date"), ("count", "integer")],
        assign="used_count = CASE WHEN t.used_count > v.count THEN t.used_count - v.count ELSE 0 END",
        where="t.id = v.id AND t.used_on = v.day",
        rows=[(lane_id, day, count) for (lane_id, day), count in sorted(lanes.items())],
    )


def remember_ids(batch: Sequence[Answered]) -> None:
    """Keep the ids that WhatsApp gave for the leads, so that the next message needs no check."""
    rows = [
        (answered.claimed.lead_id, answered.wa_id, answered.answered_at)
        for answered in batch
        if answered.checked and answered.wa_id and answered.claimed.lead_id is not None
    ]
    sql.update_rows(
        "extraction_lead",
        columns=[("id", "bigint"), ("wa_id", "text"), ("checked_at", "timestamptz")],
        assign="wa_id = v.wa_id, wa_id_checked_at = v.checked_at",
        where="t.id = v.id",
        rows=sorted(rows),
    )
