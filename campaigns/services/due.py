"""The reading half of a claim: which lanes are due, and what could leave on them. Locks first, reads in new statements."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Q

from campaigns.models import SendLane
from campaigns.services import sql

HEADS = 4  # messages read ahead per campaign and lane, so that one skip or one phone in flight does not stop the lane


@dataclass(frozen=True, slots=True)
class Room:
    """How many calls may be opened now: in all, and per gateway host less those already open there."""

    total: int
    per_host: int
    open_by_host: Mapping[str, int] = field(default_factory=dict)

    def free(self, host: str) -> int:
        """Calls that may still be opened to this host."""
        return max(self.per_host - self.open_by_host.get(host, 0), 0)

    def less(self, hosts: Sequence[str]) -> Room:
        """What is left once a call to each of these hosts is opened."""
        return Room(self.total - len(hosts), self.per_host, Counter(self.open_by_host) + Counter(hosts))


_IS_DUE = "lane.wake_at <= %s AND lane.not_before <= %s AND (lane.in_flight_token IS NULL OR lane.in_flight_until < %s)"


def gateway_hosts() -> list[str]:
    """Every host that lanes use, by a walk over the index (host, wake_at) that touches each host once."""
    rows = sql.execute(
        "WITH RECURSIVE h(host) AS (SELECT min(host) FROM campaigns_sendlane UNION ALL"
        " SELECT (SELECT min(host) FROM campaigns_sendlane WHERE host > h.host) FROM h WHERE h.host IS NOT NULL)"
        " SELECT host FROM h WHERE host IS NOT NULL",
        [],
    )
    return [str(row[0]) for row in rows]


def due_lanes(*, now: dt.datetime, room: Room, account_id: int | None = None) -> list[tuple[int, int]]:
    """(lane, account) of the oldest due lanes whose allowance this transaction now holds; reads no message.

    On PostgreSQL the limit of each host counts only lanes whose allowance was got: a look without the lock would let one
    locked account fill every slot of its host. SQLite's transaction already excludes everyone else.
    """
    hosts = [(host, room.free(host)) for host in gateway_hosts() if room.free(host) > 0]
    if not hosts or room.total <= 0:
        return []
    only = "" if account_id is None else f" AND lane.account_id = {int(account_id)}"
    if connection.vendor == "postgresql":
        names, frees = [host for host, _ in hosts], [free for _, free in hosts]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT due.id, due.account_id FROM unnest(%s::text[], %s::int[]) AS h(host, free)"  # noqa: S608
                " CROSS JOIN LATERAL (SELECT lane.id, lane.account_id, lane.wake_at FROM campaigns_sendlane lane"
                " JOIN billing_sendallowance allowance ON allowance.account_id = lane.account_id"
                f" WHERE lane.host = h.host AND {_IS_DUE}{only}"
                " ORDER BY lane.wake_at LIMIT h.free FOR NO KEY UPDATE OF allowance SKIP LOCKED) due"
                " ORDER BY due.wake_at LIMIT %s",
                [names, frees, now, now, now, room.total],
            )
            return [(row[0], row[1]) for row in cursor.fetchall()]
    found: list[tuple[Any, ...]] = []
    for host, free in hosts:
        found += sql.execute(
            "SELECT lane.id, lane.account_id, lane.wake_at FROM campaigns_sendlane lane"  # noqa: S608
            " JOIN billing_sendallowance allowance ON allowance.account_id = lane.account_id"
            f" WHERE lane.host = %s AND {_IS_DUE}{only} ORDER BY lane.wake_at LIMIT %s",
            [host, now, now, now, free],
        )
    return [(row[0], row[1]) for row in sorted(found, key=lambda row: row[2])[: room.total]]


def lock_due_lanes(lane_ids: Collection[int], *, now: dt.datetime) -> dict[int, SendLane]:
    """Those of the lanes that are still due, locked. Reads no message."""
    due = Q(wake_at__lte=now, not_before__lte=now) & (Q(in_flight_token__isnull=True) | Q(in_flight_until__lt=now))
    lanes = SendLane.objects.filter(due, pk__in=lane_ids).order_by("pk")
    return {lane.pk: lane for lane in lanes.select_for_update(no_key=True, skip_locked=True)}


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the gates want to know of a queued message; it is read whole once it is taken."""

    pk: int
    account_id: int
    campaign_id: int
    phone: str
    body: str


Turns = dict[int, list[tuple[int, list[Waiting]]]]
"""For each lane its campaigns in turn, each with its next messages."""


def heads(lanes: Sequence[SendLane]) -> Turns:
    """For each lane its running campaigns with a complete audience, least recently served first, each with its next
    messages. One statement on PostgreSQL, small keyed ones on SQLite.
    """
    if connection.vendor == "postgresql":
        return _heads_lateral(lanes)
    return {lane.pk: _heads_of_lane(lane) for lane in lanes}


def _heads_lateral(lanes: Sequence[SendLane]) -> Turns:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT l.lane, head.id, c.account_id, c.id, head.phone, head.body"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS l(lane, connection)"
            " JOIN campaigns_campaignlane turn ON turn.lane_id = l.lane"
            " JOIN campaigns_campaign c ON c.id = turn.campaign_id AND c.status = 'running'"
            "  AND c.audience_ready_at IS NOT NULL AND c.queued_count > 0"
            " CROSS JOIN LATERAL (SELECT m.id, m.position, m.phone, m.body FROM campaigns_campaignmessage m"
            "  WHERE m.campaign_id = c.id AND m.connection_id = l.connection AND m.status = 'queued'"
            "  ORDER BY m.position LIMIT %s) head"
            " ORDER BY l.lane, turn.served_at NULLS FIRST, c.id, head.position",
            [[lane.pk for lane in lanes], [lane.connection_id for lane in lanes], HEADS],
        )
        rows = cursor.fetchall()
    found: Turns = {lane.pk: [] for lane in lanes}
    for lane_id, *fields in rows:
        head, turns = Waiting(*fields), found[lane_id]
        if not turns or turns[-1][0] != head.campaign_id:
            turns.append((head.campaign_id, []))
        turns[-1][1].append(head)
    return found


def _heads_of_lane(lane: SendLane) -> list[tuple[int, list[Waiting]]]:
    turns = sql.execute(
        "SELECT c.id FROM campaigns_campaignlane turn JOIN campaigns_campaign c ON c.id = turn.campaign_id"
        " WHERE turn.lane_id = %s AND c.status = 'running' AND c.audience_ready_at IS NOT NULL AND c.queued_count > 0"
        " ORDER BY turn.served_at NULLS FIRST, c.id",
        [lane.pk],
    )
    found = []
    for (campaign_id,) in turns:
        rows = sql.execute(
            "SELECT id, account_id, campaign_id, phone, body FROM campaigns_campaignmessage"
            " WHERE campaign_id = %s AND connection_id = %s AND status = 'queued' ORDER BY position LIMIT %s",
            [campaign_id, lane.connection_id, HEADS],
        )
        if rows:
            found.append((campaign_id, [Waiting(*row) for row in rows]))
    return found
