"""What answers do to a lane: its next time, its rests, the quota that comes back, and the ids it learned."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

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
    rows: dict[int, tuple[sql.Value, ...]] = {}
    down: dict[int, tuple[str, dt.datetime]] = {}
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
                down[claimed.connection_id] = outcome.code, answered.answered_at
        elif streak >= UNKNOWNS_THAT_REST:
            rest_until = answered.answered_at + dt.timedelta(seconds=UNKNOWN_REST_S)
            rest_reason, streak = "gateway_unwell", 0
        wake_at = max(not_before, rest_until) if rest_until is not None else not_before
        rows[lane.pk] = (lane.pk, not_before, wake_at, rest_until, rest_reason, streak)
    _write([row for _, row in sorted(rows.items())])
    _mark_down(down)
    return set(rows)


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


def _mark_down(down: Mapping[int, tuple[str, dt.datetime]]) -> None:
    """The gateway refused the instance itself: shown at once, and nothing leaves before the poll finds it connected."""
    for connection_id, (code, at) in sorted(down.items()):
        connected = Connection.objects.filter(pk=connection_id).exclude(state=ConnectionState.DISCONNECTED)
        connected.update(state=ConnectionState.DISCONNECTED, state_since=at, last_error=code)


def give_back_quota(returned: Sequence[Claimed]) -> None:
    """Return what was reserved for messages that provably never left, on the local day they were reserved. The caller
    holds the allowances and lanes.
    """
    _give_back("billing_sendallowance", "account_id", Counter((one.account_id, one.day) for one in returned))
    _give_back("campaigns_sendlane", "id", Counter((one.lane_id, one.day) for one in returned))


def _give_back(table: str, key: str, counts: Mapping[tuple[int, dt.date], int]) -> None:
    sql.update_rows(
        table,
        columns=[("key", "bigint"), ("day", "date"), ("count", "integer")],
        assign="used_count = CASE WHEN t.used_count > v.count THEN t.used_count - v.count ELSE 0 END",
        where=f"t.{key} = v.key AND t.used_on = v.day",
        rows=[(owner, day, count) for (owner, day), count in sorted(counts.items())],
        key=key,
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
