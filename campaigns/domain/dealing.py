"""Which of a campaign's numbers takes the next lead: the one whose turn comes soonest by the room its day still has. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace

# A number that is down for longer than this gives what it holds to the others; a restart or a new QR code takes minutes.
FAILOVER_AFTER = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """One number while a campaign deals its leads. All three are counts of messages."""

    connection_id: int
    room: int  # that it may still send today
    daily: int  # that it may send on each later day
    dealt: int = 0  # that this campaign gave it so far

    @property
    def next_day(self) -> float:
        """When one message more would leave, in days from the start of today's room: today's messages spread evenly over
        it, the later ones over full days.
        """
        nth = self.dealt + 1
        return nth / self.room if nth <= self.room else 1 + (nth - self.room) / max(self.daily, 1)

    def with_one_more(self) -> Standing:
        return replace(self, dealt=self.dealt + 1)


def choose(numbers: Iterable[Standing]) -> Standing:
    """The number that would be through with one lead more the soonest; of equals the one connected first.

    So each gets its share of the room, and a campaign larger than the day ends on all of them at about the same time.
    """
    return min(numbers, key=lambda number: (number.next_day, number.connection_id))


def variation_for(number: Standing, *, place: int, variations: int) -> int:
    """The index of the text for the number's next message; `place` is the number's among the campaign's.

    They go round within a number: one that repeats a single text is what WhatsApp takes for spam.
    """
    return (number.dealt + place) % variations


def is_lost(*, archived: bool, connected: bool, state_since: dt.datetime, now: dt.datetime) -> bool:
    """Whether a number is removed, or down for so long that others should take over."""
    return archived or (not connected and now - state_since >= FAILOVER_AFTER)
