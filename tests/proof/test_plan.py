from __future__ import annotations

import random

import pytest

from leads_infinitos.portal.proof.plan import UNLIMITED, Account, make_plan


def plan(sends: int, seed: int = 1, lanes: int | None = None) -> list[Account]:
    return make_plan(sends=sends, rng=random.Random(seed), lanes=lanes)


def room(account: Account) -> int:
    """What the limits let through, campaign caps first."""
    capped = sum(min(len(one.messages), one.daily_cap or UNLIMITED) for one in account.campaigns)
    by_number = sum(min(lane.daily_cap or UNLIMITED, account.daily_per_number) for lane in account.lanes)
    return min(capped, by_number, account.daily_limit)


@pytest.mark.parametrize("sends", [50, 300, 2000, 10_000])
def test_the_limits_leave_room_for_what_was_asked(sends: int) -> None:
    assert sum(room(account) for account in plan(sends)) >= sends


@pytest.mark.parametrize("sends", [50, 2000])
def test_every_kind_of_limit_holds_something_back(sends: int) -> None:
    accounts = plan(sends)

    audience = [sum(len(campaign.messages) for campaign in account.campaigns) for account in accounts]
    held_back = [room(account) < wanted for account, wanted in zip(accounts, audience, strict=True)]
    assert held_back == [False, True, True, True, False]


def test_no_phone_is_twice_in_a_campaign() -> None:
    for account in plan(2000):
        for campaign in account.campaigns:
            phones = [message.phone for message in campaign.messages]
            assert len(phones) == len(set(phones))


def test_accounts_share_no_phone() -> None:
    phones = [{m.phone for campaign in account.campaigns for m in campaign.messages} for account in plan(2000)]

    assert sum(len(group) for group in phones) == len(set().union(*phones))


def test_campaigns_of_an_account_share_some_phones_on_other_numbers() -> None:
    shared = 0
    for account in plan(2000):
        seen: dict[str, int] = {}
        for campaign in account.campaigns:
            for message in campaign.messages:
                assert seen.get(message.phone) != message.lane or "999" in message.phone
                shared += message.phone in seen
                seen[message.phone] = message.lane
    assert shared > 5


def test_the_same_seed_makes_the_same_plan() -> None:
    assert plan(300, seed=5) == plan(300, seed=5) != plan(300, seed=6)


@pytest.mark.parametrize("lanes", [1, 3, 7, 40])
def test_as_many_numbers_are_used_as_there_are(lanes: int) -> None:
    assert sum(len(account.lanes) for account in plan(100, lanes=lanes)) == lanes
