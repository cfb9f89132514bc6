"""Which unconfirmed message an unknown id belongs to, if that is beyond doubt. Pure; when in doubt a person decides."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

GRACE_S = 120.0  # after a lease's end an ack may still be on its way to us

UNKNOWN = "unknown_message"  # nothing of ours: somebody typed it on the phone
UNMATCHED = "unmatched"  # it may be one of ours, and nobody can tell which


@dataclass(frozen=True, slots=True)
class Candidate:
    """An unconfirmed message of the connection that the id was heard on."""

    message_id: int
    phone: str = field(repr=False)
    body: str = field(repr=False)
    claimed_at: dt.datetime
    lease_s: float  # seconds from the claim to the end of its lease

    def may_have_left_by(self, moment: dt.datetime, *, silent_after: bool = True) -> bool:
        """Whether a first sign at `moment` may be of this claim; `silent_after`: and not of something later."""
        ends = self.claimed_at + dt.timedelta(seconds=self.lease_s + GRACE_S)
        return self.claimed_at <= moment and (moment <= ends or not silent_after)


@dataclass(frozen=True, slots=True)
class Sign:
    """All that was heard of one unknown id: whom it went to, when it was first heard of, the texts of its echoes."""

    phones: Collection[str] = field(repr=False)
    first_heard_at: dt.datetime
    echoes: Sequence[str] = field(default=(), repr=False)


def match(sign: Sign, candidates: Sequence[Candidate]) -> Candidate | str:
    """The one message that the id stands for, else the code of why none is settled.

    An echo decides by its text. An ack has none, and counts only when the id was first heard of between the claim and its
    lease's end plus GRACE_S. A LID names nobody, and two messages to one phone leave it open.
    """
    if not sign.phones:
        near = any(one.may_have_left_by(sign.first_heard_at) for one in candidates)
        return UNMATCHED if near else UNKNOWN
    same = [one for one in candidates if one.phone in sign.phones]
    if len(same) != 1:
        return UNMATCHED if same else UNKNOWN
    one = same[0]
    if sign.echoes:
        equal = all(same_text(text, one.body) for text in sign.echoes)
        return one if equal and one.may_have_left_by(sign.first_heard_at, silent_after=False) else UNKNOWN
    return one if one.may_have_left_by(sign.first_heard_at) else UNKNOWN


def same_text(text: str, other: str) -> bool:
    """Whether two texts are one on WhatsApp, which may compose accents, change line ends and trim."""
    return _plain(text) == _plain(other)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
