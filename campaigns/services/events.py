"""What the handlers of gateway events get and give."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from campaigns.gateways.events import Event
from campaigns.models import GatewayEvent

T = TypeVar("T", bound=Event)
Status = GatewayEvent.Status
WAIT_S = 2.0  # a message in flight is recorded in seconds, and its lease ends in less than a minute


@dataclass(frozen=True, slots=True)
class Arrived(Generic[T]):
    """A stored event, read."""

    pk: int
    account_id: int
    connection_id: int
    received_at: dt.datetime
    event: T = field(repr=False)


@dataclass(frozen=True, slots=True)
class Handled:
    """What becomes of the event's row; `forget` empties its body, which nobody needs any more."""

    status: GatewayEvent.Status
    reason: str = ""
    try_at: dt.datetime | None = None
    forget: bool = False


PROCESSED = Handled(Status.PROCESSED)


def ignored(reason: str, *, forget: bool = False) -> Handled:
    return Handled(Status.IGNORED, reason, forget=forget)


def waiting(now: dt.datetime) -> Handled:
    """The message it may be about is being sent: look again shortly."""
    return Handled(Status.WAITING, "in_flight", now + dt.timedelta(seconds=WAIT_S))
