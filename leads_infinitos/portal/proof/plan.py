"""Who sends what in a proof: accounts, numbers, campaigns, limits. Pure, and the same for the same seed.

Every rule must have something to break: accounts share nothing but the senders, campaigns share numbers, the interval is
short enough to be waited for, and each kind of limit is smaller than what one account wants to send.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

ACCOUNTS = 5
LANES_PER_SEND = (
    1 / 4
)  # a message in doubt holds its number for a whole lease: few messages each, so that a proof is short
MOST_LANES, FEWEST_LANES = 300, 10
AUDIENCE_PER_SEND = 1.25  # limits, refusals and messages in doubt keep some from leaving
UNLIMITED = 1_000_000
GAPS_S = (0.8, 1.0, 1.3)  # times what keeps all numbers together at SENDS_PER_S, and at least these
# What two cores can send and hear the receipts of: the interval must be what holds a number back, not the machine.
SENDS_PER_S = 40
DOUBT_S = 3.4  # what messages in doubt cost a number per send, on average: each fifth holds it for a lease
ZONES = ("America/Sao_Paulo", "America/Noronha", "America/Manaus", "America/Rio_Branco", "America/Sao_Paulo")
AREA_CODES = ("11", "21", "31", "51", "85")
CAMPAIGNS = (2, 3, 2, 3, 2)
# Numbers that meet a fault whatever their instance is set to (leads_infinitos.sandbox.mega.numbers), per thousand messages.
MAGIC_PER_MILLE = {"0404": 20, "0200": 3, "0444": 3, "0498": 3, "0502": 3, "0204": 3}
SHARED_PER_MILLE = 20  # messages to a phone that another campaign of the account writes to as well
RESOLVED_SHARE = 0.7  # leads whose WhatsApp id is known: no check before their send


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a campaign: the account's lane it leaves on, its phone (E.164), whether its id is known."""

    lane: int
    phone: str
    resolved: bool


@dataclass(frozen=True, slots=True)
class Campaign:
    daily_cap: int | None
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Lane:
    gap_s: float
    daily_cap: int | None


@dataclass(frozen=True, slots=True)
class Account:
    time_zone: str
    daily_limit: int
    daily_per_number: int
    lanes: tuple[Lane, ...]
    campaigns: tuple[Campaign, ...]


def make_plan(*, sends: int, rng: random.Random, lanes: int | None = None, magic: bool = True) -> list[Account]:
    """Accounts whose audience, less what their limits hold back, is enough for `sends` accepted messages.

    `lanes`: how many numbers there are; `magic`: whether the gateway knows the sandbox's magic numbers.
    """
    lanes = lanes or min(max(math.ceil(sends * LANES_PER_SEND), FEWEST_LANES), MOST_LANES)
    accounts = min(ACCOUNTS, lanes)
    per_account = math.ceil(sends * AUDIENCE_PER_SEND / accounts) + 4
    shares = [lanes // accounts + (number < lanes % accounts) for number in range(accounts)]
    slow = max(lanes / SENDS_PER_S - DOUBT_S, 1.0)
    return [
        _account(number, lanes=share, audience=per_account, slow=slow, rng=rng, magic=magic)
        for number, share in enumerate(shares)
    ]


def _account(number: int, *, lanes: int, audience: int, slow: float, rng: random.Random, magic: bool) -> Account:
    caps: list[int | None] = [None] * lanes
    campaign_caps: list[int | None] = [None] * CAMPAIGNS[number]
    daily_limit = daily_per_number = UNLIMITED
    per_lane, per_campaign = audience / lanes, audience / CAMPAIGNS[number]
    if number == 1:
        daily_limit = max(int(audience * 0.85), 1)
    elif number == 2:
        daily_per_number = max(int(per_lane * 0.85), 1)
        daily_limit = daily_per_number * lanes
    elif number == 3:
        campaign_caps[0] = max(int(per_campaign * 0.7), 1)
        caps[0] = max(int(per_lane * 0.6), 1)
    phones = _Phones(AREA_CODES[number], rng, magic=magic)
    campaigns = []
    for index, cap in enumerate(campaign_caps):
        size = audience // len(campaign_caps) + (index < audience % len(campaign_caps))
        messages = tuple(
            Message(position % lanes, phones.take(position % lanes), rng.random() < RESOLVED_SHARE)
            for position in range(size)
        )
        phones.next_campaign()
        campaigns.append(Campaign(cap, messages))
    numbers = tuple(Lane(round(rng.choice(GAPS_S) * slow, 3), cap) for cap in caps)
    return Account(ZONES[number], daily_limit, daily_per_number, numbers, tuple(campaigns))


class _Phones:
    """New phones of one account, some of them magic, and some that its campaign before has already, on another number."""

    def __init__(self, area_code: str, rng: random.Random, *, magic: bool) -> None:
        self._area_code, self._rng = area_code, rng
        self._magic = [code for code, share in MAGIC_PER_MILLE.items() for _ in range(share)] if magic else []
        self._magic_used: dict[str, int] = {}
        self._count = 0
        self._mine: list[tuple[int, str]] = []
        self._earlier: list[tuple[int, str]] = []

    def take(self, lane: int) -> str:
        draw = self._rng.randrange(1000)
        if draw < len(self._magic) and (phone := self._magic_phone(self._magic[draw])):
            return phone
        if draw >= 1000 - SHARED_PER_MILLE and self._earlier and self._earlier[-1][0] != lane:
            return self._earlier.pop()[1]
        self._count += 1
        phone = f"+55{self._area_code}9{70_000_000 + self._count}"
        self._mine.append((lane, phone))
        return phone

    def next_campaign(self) -> None:
        self._earlier, self._mine = self._mine, []

    def _magic_phone(self, code: str) -> str | None:
        """There are five of each code in an area; None when they are used up."""
        used = self._magic_used.get(code, 0)
        if used >= 5:
            return None
        self._magic_used[code] = used + 1
        return f"+55{self._area_code}9{9 - used}999{code}"
