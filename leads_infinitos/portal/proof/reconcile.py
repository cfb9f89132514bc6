"""Compares the ledger with the accept-log: the log says what happened, the ledger what we believe. Pure."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from leads_infinitos.kernel.clock import local_day
from leads_infinitos.kernel.phone import same_person
from leads_infinitos.portal.proof.books import Ledger, Line, Message, Quota

TOLERANCE_S = 0.001  # a clock that is being slewed; an interval is measured to the microsecond
MAY_HAVE_LEFT = ("sent", "unconfirmed")
EXAMPLES = 5


@dataclass(slots=True)
class Findings:
    """The five faults, each zero in a sound engine, and what became of the messages in doubt.

    `why`: the unexplained rows by kind. `examples`: ids to look at. `settled_share`: of those in doubt that the gateway
    holds, how many were settled as sent; None when there were none, or no receipt was heard.
    """

    sends: int = 0
    duplicates: int = 0
    over_pace: int = 0
    over_limit: int = 0
    cross_account: int = 0
    why: Counter[str] = field(default_factory=Counter)
    unconfirmed: int = 0
    unconfirmed_left: int = 0
    settled_share: float | None = None
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def unexplained(self) -> int:
        return sum(self.why.values())

    @property
    def faults(self) -> dict[str, int]:
        return {
            "duplicates": self.duplicates,
            "over_pace": self.over_pace,
            "over_limit": self.over_limit,
            "cross_account": self.cross_account,
            "unexplained": self.unexplained,
        }

    def note(self, what: str, example: str) -> None:
        if len(self.examples[what]) < EXAMPLES:
            self.examples[what].append(example)

    def explain_not(self, why: str, example: str) -> None:
        self.why[why] += 1
        self.note(why, example)


def reconcile(ledger: Ledger, lines: Sequence[Line], *, at_rest: bool = True) -> Findings:
    """What the books say. `at_rest`: nothing is on its way any more, so that every row must be explained."""
    found = Findings(sends=len(lines))
    accepted = _match(ledger, lines, found)
    _judge_pace(ledger, lines, found)
    _judge_limits(ledger, lines, found)
    if at_rest:
        _explain(ledger, accepted, found)
    _judge_doubt(ledger, accepted, found)
    return found


def _match(ledger: Ledger, lines: Sequence[Line], found: Findings) -> Counter[int]:
    """How often the gateway took each message; notes duplicates, and texts and people that do not belong together."""
    owners = {lane.instance: lane.account_id for lane in ledger.lanes.values()}
    accepted: Counter[int] = Counter()
    for line in lines:
        owner = line.owner()
        message = ledger.messages.get(owner[1]) if owner else None
        if owner is None or message is None or message.account_id != owner[0]:
            found.explain_not("accepted_unknown_text", f"at {line.wall:.3f}")
            continue
        accepted[owner[1]] += 1
        if accepted[owner[1]] > 1:
            found.duplicates += 1
            found.note("duplicates", f"message {owner[1]}")
        if owners[line.instance] != message.account_id:
            found.cross_account += 1
            found.note("cross_account", f"message {owner[1]} through account {owners[line.instance]}")
        elif not same_person(line.to, message.phone):
            found.explain_not("accepted_for_another_phone", f"message {owner[1]}")
        elif line.instance != ledger.lanes[message.connection_id].instance:
            found.explain_not("accepted_on_another_number", f"message {owner[1]}")
    return accepted


def _judge_pace(ledger: Ledger, lines: Sequence[Line], found: Findings) -> None:
    """Each instance's messages lie at least its interval apart, by the gateway's clock."""
    gaps = {lane.instance: lane.gap_s for lane in ledger.lanes.values()}
    walls: dict[str, list[float]] = defaultdict(list)
    for line in lines:
        walls[line.instance].append(line.wall)
    for instance, times in walls.items():
        for earlier, later in pairwise(sorted(times)):
            if later - earlier < gaps[instance] - TOLERANCE_S:
                found.over_pace += 1
                found.note("over_pace", f"{later - earlier:.3f} s instead of {gaps[instance]} s at {later:.3f}")


def _judge_limits(ledger: Ledger, lines: Iterable[Line], found: Findings) -> None:
    """No account, number or campaign was accepted more often than its limit on one local day of its account."""
    connections = {lane.instance: pk for pk, lane in ledger.lanes.items()}
    counts: Counter[tuple[str, int, dt.date]] = Counter()
    for line in lines:
        lane = ledger.lanes[connections[line.instance]]
        owner = line.owner()
        message = ledger.messages.get(owner[1]) if owner else None
        day = _day(line, message, ledger.accounts[lane.account_id].time_zone)
        counts["number", connections[line.instance], day] += 1
        counts["account", lane.account_id, day] += 1
        if message is not None:
            counts["campaign", message.campaign_id, day] += 1
    quotas = _quotas(ledger)
    for (kind, pk, day), count in counts.items():
        limit = quotas[kind, pk].limit
        if limit is not None and count > limit:
            found.over_limit += count - limit
            found.note("over_limit", f"{kind} {pk}: {count} of {limit} on {day}")


def _quotas(ledger: Ledger) -> dict[tuple[str, int], Quota]:
    """All limits, by kind and id of what they limit."""
    return {
        **{("account", pk): account.quota for pk, account in ledger.accounts.items()},
        **{("number", pk): lane.quota for pk, lane in ledger.lanes.items()},
        **{("campaign", pk): campaign.quota for pk, campaign in ledger.campaigns.items()},
    }


def _day(line: Line, message: Message | None, time_zone: str) -> dt.date:
    """The day a send counts on is that of its claim; at midnight the gateway may take it a moment later."""
    accepted_at = dt.datetime.fromtimestamp(line.wall, dt.UTC)
    claimed_at = message.claimed_at if message is not None else None
    near = claimed_at is not None and abs((accepted_at - claimed_at).total_seconds()) < 60
    return local_day(claimed_at if claimed_at is not None and near else accepted_at, time_zone)


def _explain(ledger: Ledger, accepted: Counter[int], found: Findings) -> None:
    """Every row must be explained by the log, and every limit's use by rows."""
    for pk, message in ledger.messages.items():
        if accepted[pk] and message.status not in MAY_HAVE_LEFT:
            found.explain_not(f"accepted_but_{message.status}", f"message {pk}")
        elif not accepted[pk] and message.status == "sent":
            found.explain_not("sent_but_never_accepted", f"message {pk}")
        elif message.status == "sending":
            found.explain_not("sending_for_ever", f"message {pk}")
        elif message.status == "queued" and not accepted[pk] and not ledger.is_held_back(message):
            found.explain_not("left_behind", f"message {pk}")
    if ledger.wrong_counters:
        found.why["counters_differ"] += ledger.wrong_counters
    _check_quotas(ledger, found)


def _check_quotas(ledger: Ledger, found: Findings) -> None:
    """What may have left uses up quota, once, and nothing else does. Not to be told across a midnight."""
    mine: Counter[tuple[str, int]] = Counter()
    days = set()
    for message in ledger.messages.values():
        if message.claimed_at is not None:
            days.add(local_day(message.claimed_at, ledger.accounts[message.account_id].time_zone))
        if message.status in MAY_HAVE_LEFT:
            mine["account", message.account_id] += 1
            mine["number", message.connection_id] += 1
            mine["campaign", message.campaign_id] += 1
    if len(days) > 1:
        return
    for (kind, pk), quota in _quotas(ledger).items():
        if quota.used != mine[kind, pk]:
            found.explain_not("quota_differs", f"{kind} {pk}: {quota.used} used, {mine[kind, pk]} left")


def _judge_doubt(ledger: Ledger, accepted: Counter[int], found: Findings) -> None:
    doubtful = {pk: message for pk, message in ledger.messages.items() if message.doubtful}
    found.unconfirmed = len(doubtful)
    found.unconfirmed_left = sum(message.status == "unconfirmed" for message in doubtful.values())
    arrived = [message for pk, message in doubtful.items() if accepted[pk]]
    if arrived and ledger.heard_receipts:
        found.settled_share = round(sum(message.status == "sent" for message in arrived) / len(arrived), 4)
