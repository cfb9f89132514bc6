"""Counters are columns of the campaign, moved in the same transaction as the status they count."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping

from campaigns.domain import gates
from campaigns.domain.states import MessageStatus
from campaigns.models import Campaign
from campaigns.services import sql

# "Número inválido" is a failed message with a refused number; it has a counter of its own, for the success rate.
INVALID = "invalid"
BUCKETS = (
    MessageStatus.QUEUED.value,
    MessageStatus.SENDING.value,
    MessageStatus.SENT.value,
    MessageStatus.FAILED.value,
    INVALID,
    MessageStatus.UNCONFIRMED.value,
    MessageStatus.SKIPPED.value,
    MessageStatus.CANCELLED.value,
)


class Moves(Counter[tuple[int, str]]):
    """Changes of campaign counters, by (campaign id, bucket)."""

    def add(self, campaign_id: int, source: str, target: str) -> None:
        """One message left one bucket for another."""
        self[campaign_id, str(source)] -= 1
        self[campaign_id, str(target)] += 1


def move(
    moves: Moves,
    *,
    used: Mapping[int, int] | None = None,
    used_on: Mapping[int, dt.date] | None = None,
    campaigns: Mapping[int, Campaign] | None = None,
    last_sent: Mapping[int, dt.datetime] | None = None,
    given_back: Mapping[int, Counter[dt.date]] | None = None,
) -> None:
    """Apply the moves to campaigns that the caller has locked; `used` counts towards their daily limit on `used_on`."""
    used, used_on, campaigns = used or {}, used_on or {}, campaigns or {}
    rows: list[tuple[sql.Value, ...]] = []
    for campaign_id in sorted({campaign_id for campaign_id, _ in moves} | set(used)):
        campaign = campaigns[campaign_id]
        day, count = campaign.used_on, campaign.used_count
        if campaign_id in used:
            count = gates.used_on_day(used_on[campaign_id], day, count) + used[campaign_id]
            day = used_on[campaign_id]
        if given_back and day is not None:
            count = max(count - given_back.get(campaign_id, Counter())[day], 0)
        sent_at = (last_sent or {}).get(campaign_id, campaign.last_sent_at)
        rows.append((campaign_id, *(moves[campaign_id, bucket] for bucket in BUCKETS), day, count, sent_at))
    changes = ", ".join(f"{bucket}_count = t.{bucket}_count + v.{bucket}" for bucket in BUCKETS)
    sql.update_rows(
        "campaigns_campaign",
        columns=[
            ("id", "bigint"),
            *((bucket, "integer") for bucket in BUCKETS),
            ("used_on", "date"),
            ("used_count", "integer"),
            ("last_sent_at", "timestamptz"),
        ],
        assign=f"{changes}, used_on = v.used_on, used_count = v.used_count, last_sent_at = v.last_sent_at",
        where="t.id = v.id",
        rows=rows,
    )
