"""Leads go to the numbers by the room their day has, and to nobody twice as fast as to another."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain import dealing
from campaigns.domain.dealing import FAILOVER_AFTER, Standing
from tests.campaigns.rows import NOW

rooms = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=8).map(
    lambda pairs: [Standing(index + 1, min(room, daily), daily) for index, (room, daily) in enumerate(pairs)]
)


def deal(numbers: list[Standing], count: int) -> list[int]:
    """The numbers of `count` leads in turn."""
    held, order = {one.connection_id: one for one in numbers}, []
    for _ in range(count):
        chosen = dealing.choose(held.values())
        held[chosen.connection_id] = chosen.with_one_more()
        order.append(chosen.connection_id)
    return order


@given(numbers=rooms, count=st.integers(0, 300))
def test_who_got_a_lead_would_not_have_been_through_sooner_at_anybody_else(numbers: list[Standing], count: int) -> None:
    got = Counter(deal(numbers, count))
    for one in (one for one in numbers if got[one.connection_id]):
        last = Standing(one.connection_id, one.room, one.daily, got[one.connection_id] - 1).next_day
        for other in numbers:
            one_more = Standing(other.connection_id, other.room, other.daily, got[other.connection_id]).next_day
            assert last <= one_more


@given(numbers=rooms, data=st.data())
def test_nobody_is_over_todays_room_while_another_has_some_left(numbers: list[Standing], data: st.DataObject) -> None:
    total = sum(one.room for one in numbers)
    count = data.draw(st.integers(0, total))
    got = Counter(deal(numbers, count))
    assert all(got[one.connection_id] <= one.room for one in numbers)
    # Shares of the room differ by less than one message of whoever has the least.
    used = [(got[one.connection_id], one.room) for one in numbers if one.room]
    assert all(mine / room <= (others + 1) / other_room for mine, room in used for others, other_room in used)


@given(numbers=rooms, count=st.integers(0, 100), data=st.data())
def test_the_deal_is_the_same_in_any_order_of_the_numbers_and_in_any_batches(
    numbers: list[Standing], count: int, data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(numbers))
    whole = deal(shuffled, count)
    assert whole == deal(numbers, count)
    first = data.draw(st.integers(0, count))
    got = Counter(whole[:first])
    resumed = [Standing(one.connection_id, one.room, one.daily, got[one.connection_id]) for one in numbers]
    assert deal(resumed, count - first) == whole[first:]


def test_a_number_with_little_left_today_takes_its_part_of_the_days_after() -> None:
    nearly_full, fresh = Standing(1, 2, 20), Standing(2, 18, 20)
    assert Counter(deal([nearly_full, fresh], 20)) == {1: 2, 2: 18}
    assert Counter(deal([nearly_full, fresh], 60)) == {1: 22, 2: 38}


def test_without_any_room_at_all_the_numbers_take_turns() -> None:
    assert deal([Standing(1, 0, 0), Standing(2, 0, 0)], 4) == [1, 2, 1, 2]


@given(numbers=st.integers(1, 8), variations=st.integers(1, 10), rounds=st.integers(0, 60))
def test_each_number_uses_every_text_as_often_as_the_others(numbers: int, variations: int, rounds: int) -> None:
    for place in range(numbers):
        uses = Counter(
            dealing.variation_for(Standing(1, 9, 9, dealt), place=place, variations=variations)
            for dealt in range(rounds)
        )
        counts = [uses[index] for index in range(variations)]
        assert max(counts) - min(counts) <= 1


def test_a_number_is_lost_when_it_is_removed_or_long_down_and_not_before() -> None:
    second = dt.timedelta(seconds=1)
    down_since = NOW - FAILOVER_AFTER

    def is_lost(*, archived: bool = False, connected: bool = False, since: dt.datetime = down_since) -> bool:
        return dealing.is_lost(archived=archived, connected=connected, state_since=since, now=NOW)

    assert is_lost()
    assert is_lost(archived=True, since=NOW)
    assert not is_lost(since=down_since + second)
    assert not is_lost(connected=True)
