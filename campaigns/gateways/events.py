"""What a gateway can tell us by itself, whichever vendor it is. Phones are E.164 with the ninth digit."""

from __future__ import annotations

from dataclasses import dataclass, field

from campaigns.domain.states import ReceiptStatus


@dataclass(frozen=True, slots=True)
class Ack:
    """What became of a message that left. `phones` is empty where the vendor names nobody but a LID."""

    message_id: str
    status: ReceiptStatus  # server, delivered, read or failed
    phones: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Echo:
    """A copy of a message that left, through the API or by hand on the phone."""

    message_id: str
    phones: tuple[str, ...] = field(default=(), repr=False)
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message that somebody wrote to the number. `phone` is None where only a LID is known."""

    message_id: str
    phone: str | None = field(default=None, repr=False)
    lid: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    quoted_id: str = ""  # the message it answers, where it quotes one


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    """The session opened or closed, or may have: ask the gateway for its state and trust that answer."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing that concerns a campaign; `reason` is our code."""

    reason: str


Event = Ack | Echo | Incoming | ConnectionChanged | Ignored
