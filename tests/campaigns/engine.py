"""One step of the engine at a time, for tests: claim, answer, record, with the time passed in."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from campaigns.gateways.base import OutcomeClass, SendOutcome
from campaigns.models import CampaignMessage
from campaigns.services.claim import Claimed, claim_batch
from campaigns.services.due import Room
from campaigns.services.record import Answered, record_batch
from tests.campaigns.rows import NOW

ACCEPTED, UNKNOWN = OutcomeClass.ACCEPTED, OutcomeClass.UNKNOWN
NOT_SENT, REFUSED_LANE = OutcomeClass.NOT_SENT, OutcomeClass.REFUSED_LANE
REFUSED_NUMBER, REFUSED_MESSAGE = OutcomeClass.REFUSED_NUMBER, OutcomeClass.REFUSED_MESSAGE
CODES = {
    ACCEPTED: "",
    UNKNOWN: "timeout",
    NOT_SENT: "not_connected",
    REFUSED_LANE: "disconnected",
    REFUSED_NUMBER: "not_on_whatsapp",
    REFUSED_MESSAGE: "bad_request",
}
SECOND = dt.timedelta(seconds=1)
LEASE_OVER = dt.timedelta(seconds=46)  # 10 to start, 30 for the call, 5 of margin


def room(total: int = 64, per_host: int = 64, **open_by_host: int) -> Room:
    return Room(total, per_host, open_by_host)


def claim(now: dt.datetime = NOW, *, space: Room | None = None) -> list[Claimed]:
    """What one claim takes."""
    return claim_batch(now=now, room=space or room(), rng=random.Random(1)).claimed


def answer(
    claimed: Claimed,
    kind: OutcomeClass = ACCEPTED,
    *,
    after_s: float = 1.0,
    code: str | None = None,
    wa_id: str = "",
    checked: bool = False,
    **outcome: Any,
) -> Answered:
    """The gateway's answer to a claimed message, `after_s` seconds after its claim."""
    at = claimed.claimed_at + dt.timedelta(seconds=after_s)
    message_id = f"ID-{claimed.message_id}" if kind is ACCEPTED else ""
    result = SendOutcome(kind, CODES[kind] if code is None else code, **{"message_id": message_id, **outcome})
    return Answered(claimed, result, wa_id, checked, claimed.claimed_at, at)


def record(*answers: Answered, now: dt.datetime | None = None) -> int:
    """Write these answers; gives how many messages they moved. Everything must have been written."""
    recorded = record_batch(answers, now=now or max(one.answered_at for one in answers))
    assert recorded.left == []
    return recorded.count


def message(claimed: Claimed) -> CampaignMessage:
    """The row of a claimed message, read anew."""
    return CampaignMessage.objects.get(pk=claimed.message_id)
