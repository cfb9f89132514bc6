"""What a person or the clock does to a campaign, and when it is in force."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from billing.models import SendAllowance
from billing.services import allowance
from campaigns.domain.states import CampaignStatus
from campaigns.errors import (
    CampaignIncomplete,
    DealInvalid,
    ForeignObject,
    NoAccess,
    StartInPast,
    TextInvalid,
    WindowInvalid,
    WrongState,
)
from campaigns.models import Campaign, CampaignMessage, SendLane
from campaigns.services import audience, lifecycle
from campaigns.services.lifecycle import CampaignPlan
from campaigns.services.reconcile import reconcile_counters
from tests.campaigns.engine import NOT_SENT, SECOND, UNKNOWN, answer, claim, message, record
from tests.campaigns.rows import NOW, counters, make_campaign, make_connection, make_list, make_messages, make_sender

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


def make_draft(**plan: object) -> Campaign:
    """A complete draft: one list of three leads, one number, one text."""
    account = make_sender()
    connection, leads = make_connection(account), make_list(account, leads=3)
    chosen = {"list_ids": [leads.pk], "connection_ids": [connection.pk], "texts": ["Oi {nome}"], **plan}
    return lifecycle.create_campaign(account=account, plan=CampaignPlan("Campanha", **chosen), by=None, now=NOW)  # type: ignore[arg-type]


ACTIONS: dict[str, Callable[[Campaign], Campaign]] = {
    "start": lambda campaign: lifecycle.start_campaign(campaign=campaign, now=NOW),
    "schedule": lambda campaign: lifecycle.schedule_campaign(campaign=campaign, starts_at=NOW + HOUR, now=NOW),
    "pause": lambda campaign: lifecycle.pause_campaign(campaign=campaign),
    "resume": lambda campaign: lifecycle.resume_campaign(campaign=campaign, now=NOW),
    "cancel": lambda campaign: lifecycle.cancel_campaign(campaign=campaign, now=NOW),
    "edit": lambda campaign: lifecycle.edit_campaign(
        campaign=campaign,
        plan=CampaignPlan(
            "Outra",
            list_ids=list(campaign.lists.values_list("pk", flat=True)),
            connection_ids=list(campaign.lanes.values_list("connection_id", flat=True)),
            texts=["Olá"],
        ),
        now=NOW,
    ),
}
ALLOWED = {
    "start": {"draft": "running", "scheduled": "running"},
    "schedule": {"draft": "scheduled", "scheduled": "scheduled"},
    "pause": {"scheduled": "paused", "running": "paused"},
    "resume": {"paused": "running"},
    "cancel": {"draft": "cancelled", "scheduled": "cancelled", "running": "cancelled", "paused": "cancelled"},
    "edit": {"draft": "draft", "scheduled": "scheduled"},
}


@pytest.mark.parametrize("status", list(CampaignStatus))
@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_each_action_is_allowed_from_its_states_and_refused_from_the_others(
    action: str, status: CampaignStatus
) -> None:
    campaign = make_draft()
    Campaign.objects.update(status=status, starts_at=NOW)
    target = ALLOWED[action].get(status)
    if target is None:
        with pytest.raises(WrongState):
            ACTIONS[action](campaign)
    else:
        assert ACTIONS[action](campaign).status == target
    assert Campaign.objects.get().status == (target or status)


@pytest.mark.parametrize(
    ("plan", "missing"),
    [({"list_ids": []}, "lists"), ({"connection_ids": []}, "connections"), ({"texts": []}, "variations")],
)
def test_an_incomplete_campaign_neither_starts_nor_is_scheduled(plan: dict[str, object], missing: str) -> None:
    campaign = make_draft(**plan)
    for action in ("start", "schedule"):
        with pytest.raises(CampaignIncomplete) as caught:
            ACTIONS[action](campaign)
        assert caught.value.params["missing"] == [missing]


def test_a_draft_whose_only_number_was_removed_is_incomplete() -> None:
    campaign = make_draft()
    campaign.lanes.get().connection.__class__.objects.update(archived_at=NOW)
    with pytest.raises(CampaignIncomplete):
        ACTIONS["start"](campaign)


def test_a_scheduled_campaign_cannot_be_edited_into_an_incomplete_one() -> None:
    campaign = ACTIONS["schedule"](make_draft())
    with pytest.raises(CampaignIncomplete):
        lifecycle.edit_campaign(campaign=campaign, plan=CampaignPlan("Outra"), now=NOW)
    assert campaign.variations.count() == 1


def plan_of(campaign: Campaign, **changes: object) -> CampaignPlan:
    """What a campaign says now, with changes."""
    says: dict[str, object] = {
        "name": campaign.name,
        "list_ids": list(campaign.lists.values_list("pk", flat=True)),
        "connection_ids": list(campaign.lanes.values_list("connection_id", flat=True)),
        "texts": list(campaign.variations.values_list("body", flat=True)),
    }
    return CampaignPlan(**(says | changes))  # type: ignore[arg-type]


def test_a_marked_start_stays_until_it_is_moved_or_taken_away() -> None:
    draft = make_draft(starts_at=NOW + HOUR)
    starts = [
        lifecycle.edit_campaign(campaign=draft, plan=plan_of(draft, **change), now=NOW).starts_at
        for change in ({}, {"starts_at": NOW + 2 * HOUR}, {"starts_at": None}, {})
    ]
    assert starts == [NOW + HOUR, NOW + 2 * HOUR, None, None]


def test_a_scheduled_campaign_whose_start_is_taken_away_is_a_draft_again() -> None:
    campaign = ACTIONS["schedule"](make_draft())
    edited = lifecycle.edit_campaign(campaign=campaign, plan=plan_of(campaign, starts_at=None), now=NOW)
    edited.refresh_from_db()
    assert (edited.status, edited.starts_at) == ("draft", None)
    assert lifecycle.start_due(now=NOW + HOUR) == 0


def test_a_scheduled_campaign_is_not_moved_into_the_past() -> None:
    campaign = ACTIONS["schedule"](make_draft())
    with pytest.raises(StartInPast):
        lifecycle.edit_campaign(campaign=campaign, plan=plan_of(campaign, starts_at=NOW), now=NOW)
    assert Campaign.objects.get().starts_at == NOW + HOUR


def test_without_a_licence_nothing_starts() -> None:
    campaign = make_draft()
    SendAllowance.objects.update(send_until=NOW)
    for action in ("start", "schedule"):
        with pytest.raises(NoAccess):
            ACTIONS[action](campaign)


def test_a_start_in_the_past_is_refused() -> None:
    with pytest.raises(StartInPast):
        lifecycle.schedule_campaign(campaign=make_draft(), starts_at=NOW, now=NOW)


def test_lists_and_numbers_of_others_and_removed_numbers_are_refused() -> None:
    campaign, foreign = make_draft(), make_draft()
    removed = make_connection(campaign.account)
    removed.__class__.objects.filter(pk=removed.pk).update(archived_at=NOW)
    for plan in (
        {"list_ids": [foreign.lists.get().pk]},
        {"connection_ids": [foreign.lanes.get().connection_id]},
        {"connection_ids": [removed.pk]},
        {"list_ids": [10**9]},
    ):
        chosen = CampaignPlan("X", texts=["Oi"], **plan)  # type: ignore[arg-type]
        with pytest.raises(ForeignObject):
            lifecycle.edit_campaign(campaign=campaign, plan=chosen, now=NOW)


@pytest.mark.parametrize("text", ["", "Oi {nome", "Oi {apelido}", "x" * 4001])
def test_a_text_that_cannot_be_sent_is_refused_when_it_is_written(text: str) -> None:
    with pytest.raises(TextInvalid) as caught:
        make_draft(texts=["Oi", text])
    assert caught.value.params["variation"] == 2


@pytest.mark.parametrize("window", [[], [[]] * 7, [[[60, 30]], *[[]] * 6], [["x"]] * 7, 7])
def test_a_window_that_never_opens_or_is_none_is_refused(window: object) -> None:
    with pytest.raises(WindowInvalid):
        make_draft(window=window)


def test_a_scheduled_campaign_starts_at_its_time_and_not_before() -> None:
    campaign = ACTIONS["schedule"](make_draft())
    assert lifecycle.start_due(now=NOW + HOUR - SECOND) == 0
    assert lifecycle.start_due(now=NOW + HOUR) == 1
    assert lifecycle.start_due(now=NOW + HOUR) == 0
    campaign.refresh_from_db()
    assert (campaign.status, campaign.started_at) == ("running", NOW + HOUR)


def test_one_that_is_more_than_an_hour_late_waits_for_a_person_who_starts_it() -> None:
    campaign = ACTIONS["schedule"](make_draft())
    late = NOW + 2 * HOUR + SECOND
    assert lifecycle.start_due(now=late) == 0
    campaign.refresh_from_db()
    assert (campaign.status, campaign.pause_reason, campaign.started_at) == ("paused", "late_start", None)
    assert lifecycle.start_due(now=late) == 0
    assert not audience.materialise_started(now=late)

    resumed = lifecycle.resume_campaign(campaign=campaign, now=late)

    assert (resumed.status, resumed.pause_reason, resumed.started_at) == ("running", "", late)
    audience.materialise_started(now=late)
    assert len(claim(late)) == 1


def test_an_hour_late_is_not_yet_too_late() -> None:
    ACTIONS["schedule"](make_draft())
    assert lifecycle.start_due(now=NOW + 2 * HOUR) == 1


def test_one_whose_licence_lapsed_meanwhile_starts_and_sends_nothing_until_it_is_renewed() -> None:
    campaign = ACTIONS["schedule"](make_draft())
    SendAllowance.objects.update(send_until=NOW)
    lifecycle.start_due(now=NOW + HOUR)
    audience.materialise_started(now=NOW + HOUR)
    assert claim(NOW + HOUR) == []
    assert SendLane.objects.get().wake_at is None

    SendAllowance.objects.update(send_until=NOW + 2 * HOUR)
    allowance.allowance_changed(account_id=campaign.account_id, now=NOW + HOUR)
    assert len(claim(NOW + HOUR)) == 1


def test_one_paused_before_its_time_waits_for_it_again() -> None:
    campaign = ACTIONS["pause"](ACTIONS["schedule"](make_draft()))
    assert lifecycle.resume_campaign(campaign=campaign, now=NOW).status == "scheduled"
    ACTIONS["pause"](campaign)
    assert lifecycle.start_due(now=NOW + HOUR) == 0
    assert lifecycle.resume_campaign(campaign=campaign, now=NOW + HOUR).status == "running"


def test_a_pause_is_in_force_at_the_next_claim() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 2)
    (taken,) = claim()
    lifecycle.pause_campaign(campaign=campaign)

    record(answer(taken))
    assert claim(NOW + HOUR) == []
    assert counters(campaign) == {"queued": 1, "sent": 1}


def test_a_message_that_comes_back_to_a_paused_campaign_waits_in_it() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1)
    (taken,) = claim()
    lifecycle.pause_campaign(campaign=campaign)
    record(answer(taken, NOT_SENT))
    assert counters(campaign) == {"queued": 1}
    assert claim(NOW + HOUR) == []


def test_after_a_long_pause_the_campaign_goes_on_at_its_pace_without_a_burst() -> None:
    account = make_sender()
    connection = make_connection(account, gap_s=60)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 5)
    record(answer(claim()[0]))
    lifecycle.pause_campaign(campaign=campaign)
    assert claim(NOW + HOUR) == []

    lifecycle.resume_campaign(campaign=campaign, now=NOW + 2 * HOUR)

    sent = []
    for second in range(0, 150, 10):
        for taken in claim(NOW + 2 * HOUR + second * SECOND):
            sent.append(second)
            record(answer(taken))
    assert sent == [0, 70, 140]


def test_a_resume_never_makes_a_number_earlier_than_its_pace() -> None:
    account = make_sender()
    connection = make_connection(account, gap_s=60)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 2)
    record(answer(claim()[0]))
    before = SendLane.objects.get().not_before

    lifecycle.pause_campaign(campaign=campaign)
    lifecycle.resume_campaign(campaign=campaign, now=NOW + 2 * SECOND)

    lane = SendLane.objects.get()
    assert lane.not_before == lane.wake_at == before


def test_a_cancel_is_one_change_of_state_and_its_queue_is_emptied_in_batches() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 25)
    lifecycle.cancel_campaign(campaign=campaign, now=NOW)
    assert counters(campaign) == {"queued": 25}
    assert claim() == []

    assert [lifecycle.cancel_queued(now=NOW, limit=10) for _ in range(4)] == [10, 10, 5, 0]

    assert counters(campaign) == {"cancelled": 25}
    assert set(CampaignMessage.objects.values_list("status", "reason")) == {("cancelled", "campaign_cancelled")}
    assert reconcile_counters() == []


def test_a_message_on_its_way_when_the_campaign_is_cancelled_keeps_its_truth() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1)
    (taken,) = claim()
    lifecycle.cancel_campaign(campaign=campaign, now=NOW)
    lifecycle.cancel_queued(now=NOW)
    record(answer(taken))
    assert message(taken).status == "sent"


def test_a_campaign_is_finished_when_every_message_has_an_outcome() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 2)
    assert lifecycle.finish_done(now=NOW) == 0
    record(answer(claim()[0]))
    (second,) = claim(NOW + 2 * SECOND)
    assert lifecycle.finish_done(now=NOW) == 0
    record(answer(second, UNKNOWN))
    assert lifecycle.finish_done(now=NOW + HOUR) == 1
    campaign.refresh_from_db()
    assert (campaign.status, campaign.finished_at) == ("finished", NOW + HOUR)


def test_one_whose_audience_is_not_complete_does_not_finish() -> None:
    make_campaign(make_sender(), audience_ready_at=None)
    assert lifecycle.finish_done(now=NOW) == 0


def test_deals_go_up_and_down_but_not_below_zero() -> None:
    campaign = make_draft()
    assert [lifecycle.move_deals(campaign=campaign, change=change) for change in (1, 1, -1, -1)] == [1, 2, 1, 0]
    with pytest.raises(DealInvalid):
        lifecycle.move_deals(campaign=campaign, change=-1)
