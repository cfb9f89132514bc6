"""The state machines as data: closed, and the same as what the rows allow."""

from __future__ import annotations

import itertools

import pytest

from campaigns.domain.states import (
    CAMPAIGN_TRANSITIONS,
    MESSAGE_TRANSITIONS,
    CampaignStatus,
    MessageStatus,
    campaign_may_become,
)


def test_every_state_has_its_transitions() -> None:
    assert set(CAMPAIGN_TRANSITIONS) == set(CampaignStatus)
    assert set(MESSAGE_TRANSITIONS) == set(MessageStatus)


@pytest.mark.parametrize(("current", "target"), list(itertools.product(CampaignStatus, repeat=2)))
def test_a_campaign_may_become_what_the_table_says(current: CampaignStatus, target: CampaignStatus) -> None:
    assert campaign_may_become(current.value, target) == (target in CAMPAIGN_TRANSITIONS[current])


def test_nothing_comes_back_from_cancelled_and_nothing_stays_where_it_is() -> None:
    assert CAMPAIGN_TRANSITIONS[CampaignStatus.CANCELLED] == frozenset()
    assert all(state not in targets for state, targets in CAMPAIGN_TRANSITIONS.items())
    assert all(state not in targets for state, targets in MESSAGE_TRANSITIONS.items())


def test_only_a_claim_makes_a_message_leave_and_what_may_have_left_is_never_cancelled() -> None:
    to_sending = {state for state, targets in MESSAGE_TRANSITIONS.items() if MessageStatus.SENDING in targets}
    assert to_sending == {MessageStatus.QUEUED}
    assert MessageStatus.CANCELLED not in MESSAGE_TRANSITIONS[MessageStatus.UNCONFIRMED]
