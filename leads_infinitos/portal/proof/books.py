"""Both sides' books as plain values: our ledger, and the accept-log of the gateway."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TAG = re.compile(r"\[a(\d+) m(\d+)\]")


def tag(account_id: int, message_id: int) -> str:
    """What a text of the proof carries, so that whoever holds it knows whose it is."""
    return f"[a{account_id} m{message_id}]"


@dataclass(frozen=True, slots=True)
class Line:
    """One message that the gateway took. `wall`: seconds since the epoch, by the gateway's clock."""

    instance: str
    to: str = field(repr=False)
    text: str = field(repr=False)
    wall: float = 0.0

    def owner(self) -> tuple[int, int] | None:
        """(account, message) that the text names."""
        found = _TAG.search(self.text)
        return (int(found[1]), int(found[2])) if found else None


def parse_log(lines: Iterable[str], *, instances: Mapping[str, Any] | set[str], since: float) -> list[Line]:
    """The lines of these instances from `since` on, in order of time. A line that is still being written is left out."""
    found = []
    for text in lines:
        try:
            raw = json.loads(text)
            line = Line(str(raw["instance"]), str(raw["to"]), str(raw["text"]), float(raw["wall"]))
        except (ValueError, KeyError, TypeError):
            continue
        if line.instance in instances and line.wall >= since:
            found.append(line)
    return sorted(found, key=lambda line: line.wall)


def read_log(path: Path, *, instances: Mapping[str, Any] | set[str], since: float) -> list[Line]:
    """The same, from a file; nothing where there is none yet."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    return parse_log(text.splitlines(), instances=instances, since=since)


@dataclass(frozen=True, slots=True)
class Message:
    """`doubtful`: that nobody knew at some time whether it left."""

    account_id: int
    campaign_id: int
    connection_id: int
    phone: str = field(repr=False)
    status: str = "queued"
    claimed_at: dt.datetime | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Quota:
    """A daily limit and what was reserved of it. Limit None: none."""

    limit: int | None
    used: int

    @property
    def is_spent(self) -> bool:
        return self.limit is not None and self.used >= self.limit


@dataclass(frozen=True, slots=True)
class Lane:
    """One number: `gap_s` is the least time from one message to the next."""

    account_id: int
    instance: str
    gap_s: float
    quota: Quota


@dataclass(frozen=True, slots=True)
class Account:
    time_zone: str
    quota: Quota


@dataclass(frozen=True, slots=True)
class Campaign:
    running: bool
    quota: Quota


@dataclass(frozen=True, slots=True)
class Ledger:
    """By id; lanes by the id of their connection. `wrong_counters`: campaigns' counters that differ from their messages."""

    messages: Mapping[int, Message]
    lanes: Mapping[int, Lane]
    accounts: Mapping[int, Account]
    campaigns: Mapping[int, Campaign]
    wrong_counters: int = 0
    heard_receipts: bool = False

    def is_held_back(self, message: Message) -> bool:
        """Whether a limit, or its campaign's state, is why it still waits."""
        campaign = self.campaigns[message.campaign_id]
        quotas = (
            campaign.quota,
            self.lanes[message.connection_id].quota,
            self.accounts[message.account_id].quota,
        )
        return not campaign.running or any(quota.is_spent for quota in quotas)

    def open_count(self) -> int:
        """Messages that are on their way, or should be soon."""
        return sum(
            message.status == "sending" or (message.status == "queued" and not self.is_held_back(message))
            for message in self.messages.values()
        )
