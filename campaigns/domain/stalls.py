"""Why a running campaign does not move: the cause by its name, whose turn it is to act, and what may repair it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from campaigns.domain import gates
from campaigns.domain.restoring import GuardVerdict

STALL_S = 600.0  # without progress for so long, inside its window, a campaign gets a cause
OVERDUE_S = 120.0  # a due lane is looked at within about two seconds


class Repair(StrEnum):
    """What the watchdog tries by itself."""

    NONE = ""
    WAKE = "wake"
    RESCUE = "rescue"
    RECOUNT = "recount"


@dataclass(frozen=True, slots=True)
class LaneView:
    """A number that has queued messages of the campaign: what the gates say, and when it is looked at."""

    lane_id: int
    verdict: gates.Verdict
    not_before: dt.datetime
    wake_at: dt.datetime | None
    in_flight_until: dt.datetime | None  # None: nothing in flight


@dataclass(frozen=True, slots=True)
class Cause:
    """`reason` is a code of texts.py. `is_expected`: it ends by itself at `until`, nobody needs to be told. `is_ours`: no
    customer can do anything about it.
    """

    reason: str
    is_expected: bool = False
    until: dt.datetime | None = None
    compared: Mapping[str, object] = field(default_factory=dict)
    repair: Repair = Repair.NONE
    is_ours: bool = False


def cause_of(
    *, guard: GuardVerdict, campaign: gates.Verdict, has_numbers: bool, lanes: Sequence[LaneView], now: dt.datetime
) -> Cause:
    """The cause that keeps this campaign still; of several numbers the one that is nearest to sending is named."""
    if guard.stop:
        return Cause(guard.stop, is_ours=True)
    if not campaign.may_send:
        return _from(campaign)
    if not has_numbers:
        return Cause("no_connection")
    if not lanes:
        return Cause("nothing_queued", repair=Repair.RECOUNT, is_ours=True)
    causes = [_of_lane(lane, now=now) for lane in lanes]
    faults = [cause for cause in causes if cause.is_ours]
    expected = [cause for cause in causes if cause.is_expected]
    return (faults or expected or causes)[0]


def _from(verdict: gates.Verdict) -> Cause:
    return Cause(verdict.reason, verdict.until is not None, verdict.until, verdict.compared)


def _of_lane(lane: LaneView, *, now: dt.datetime) -> Cause:
    long_ago = now - dt.timedelta(seconds=OVERDUE_S)
    if lane.in_flight_until is not None:
        if lane.in_flight_until < long_ago:
            return Cause("lease_stuck", repair=Repair.RESCUE, is_ours=True)
        return Cause("lane_in_flight", True, lane.in_flight_until)
    if not lane.verdict.may_send:
        return _from(lane.verdict)
    if lane.not_before > now:
        return Cause("pace", True, lane.not_before)
    if lane.wake_at is None or lane.wake_at > now + dt.timedelta(seconds=OVERDUE_S):
        return Cause("lane_asleep", repair=Repair.WAKE, is_ours=True)
    if lane.wake_at < long_ago:
        return Cause("no_sender", is_ours=True)
    return Cause("turn", True, now)  # it is looked at right now, or another campaign has its turn
