"""A running campaign that does not move in its window gets a cause by name, and what can be repaired is."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import pytest

from accounts.models import Membership
from billing.models import SendAllowance
from campaigns.domain.stalls import Repair
from campaigns.models import Campaign, CampaignLane, CampaignMessage, Connection, Installation, SendLane
from campaigns.selectors.periods import Period
from campaigns.selectors.stalls import Stall, list_stalls
from campaigns.services import locks, restore_guard, watchdog
from leads_infinitos.portal import selectors
from tests.campaigns.engine import LEASE_OVER, SECOND, answer, claim, message, record
from tests.campaigns.rows import (
    NOW,
    counters,
    give_allowance,
    make_campaign,
    make_connection,
    make_messages,
    make_sender,
    settle,
)

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(minutes=20)


def make_pile(**campaign: Any) -> Campaign:
    account = make_sender()
    connection = make_connection(account)
    made = make_campaign(account, connection, **campaign)
    make_messages(made, connection, 3)
    SendLane.objects.update(wake_at=LATER)  # by default all is well: it is looked at now
    return made


def stalls(now: dt.datetime = LATER) -> list[Stall]:
    return list_stalls(guard=restore_guard.look, now=now)


def cause(now: dt.datetime = LATER) -> tuple[str, bool, str]:
    (stall,) = stalls(now)
    return stall.cause.reason, stall.cause.is_expected, stall.cause.repair


def test_a_campaign_that_moved_lately_is_left_alone() -> None:
    make_pile()
    CampaignLane.objects.update(served_at=LATER - dt.timedelta(minutes=9))
    assert stalls() == []
    CampaignLane.objects.update(served_at=LATER - dt.timedelta(minutes=10))
    assert len(stalls()) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"status": "paused"},
        {"audience_ready_at": None},
        {"window": [[]] * 2 + [[[12 * 60 + 15, 1440]]] + [[]] * 4},  # LATER is 12:20: it opened five minutes ago
        {"window": [[]] * 2 + [[[0, 12 * 60]]] + [[]] * 4},
    ],
)
def test_what_may_not_send_yet_is_no_stall(change: dict[str, Any]) -> None:
    make_pile()
    Campaign.objects.update(**change)
    assert stalls() == []


CAUSES: list[tuple[type[Any], dict[str, object], tuple[str, bool, str]]] = [
    (SendLane, {}, ("turn", True, "")),
    (SendLane, {"not_before": LATER + SECOND, "wake_at": LATER + SECOND}, ("pace", True, "")),
    (SendLane, {"wake_at": None}, ("lane_asleep", False, "wake")),
    (SendLane, {"wake_at": LATER + dt.timedelta(hours=3)}, ("lane_asleep", False, "wake")),
    (SendLane, {"wake_at": NOW}, ("no_sender", False, "")),
    (SendLane, {"in_flight_token": "t", "in_flight_until": LATER}, ("lane_in_flight", True, "")),
    (SendLane, {"in_flight_token": "t", "in_flight_until": NOW}, ("lease_stuck", False, "rescue")),
    (SendLane, {"rest_until": LATER + SECOND, "rest_reason": "auth"}, ("resting", True, "")),
    (Connection, {"state": "disconnected"}, ("disconnected", False, "")),
    (SendAllowance, {"send_until": NOW}, ("licence_lapsed", False, "")),
    (SendAllowance, {"daily_limit": 0}, ("account_daily_limit", False, "")),
    (SendAllowance, {"daily_limit": 1, "used_count": 1, "used_on": NOW.date()}, ("account_daily_limit", True, "")),
]


@pytest.mark.parametrize(("model", "change", "expected"), CAUSES)
def test_each_cause_has_its_name(model: type[Any], change: dict[str, object], expected: tuple[str, bool, str]) -> None:
    make_pile()
    model.objects.update(**change)
    assert cause() == expected


def test_the_number_that_holds_the_queue_is_the_one_that_is_asked() -> None:
    campaign = make_pile()
    idle = make_connection(campaign.account, wake_at=None)
    CampaignLane.objects.create(account=campaign.account, campaign=campaign, lane=idle.lane)
    assert cause() == ("turn", True, "")
    Connection.objects.exclude(pk=idle.pk).update(state="disconnected")
    assert cause() == ("disconnected", False, "")


def test_a_campaign_without_numbers_and_a_queue_that_is_none() -> None:
    campaign = make_pile()
    CampaignMessage.objects.update(status="skipped")
    assert cause() == ("nothing_queued", False, "recount")
    campaign.campaign_lanes.all().delete()
    assert cause() == ("no_connection", False, "")


def test_the_restore_guard_is_the_cause_before_all_others() -> None:
    make_pile()
    record(answer(claim(LATER)[0]))
    Installation.objects.update(ledger_mark=0)
    assert cause(LATER + dt.timedelta(minutes=30)) == ("database_behind", False, "")


def test_a_sleeping_number_is_woken() -> None:
    make_pile()
    SendLane.objects.update(wake_at=LATER + dt.timedelta(hours=3))

    watchdog.watch(now=LATER)

    assert SendLane.objects.get().wake_at == LATER
    assert len(claim(LATER)) == 1


def test_a_stuck_lease_is_rescued() -> None:
    make_pile()
    (taken,) = claim(LATER)
    later = LATER + LEASE_OVER + dt.timedelta(minutes=20)

    watchdog.watch(now=later)

    assert message(taken).status == "unconfirmed"


def test_a_wrong_count_is_repaired_and_the_campaign_can_finish() -> None:
    campaign = make_pile()
    CampaignMessage.objects.update(status="skipped", reason="replied_before")

    watchdog.watch(now=LATER)

    assert counters(campaign) == {"skipped": 3}
    assert stalls() == []


def test_a_repair_that_fails_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    make_pile()
    make_pile()
    SendLane.objects.update(wake_at=None)

    def fail(**_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(locks, "limit_lock_wait", fail)
    assert len(watchdog.watch(now=LATER)) == 2
    assert Campaign.objects.filter(alarmed_at=LATER).count() == 2


def alarms(caplog: pytest.LogCaptureFixture, now: dt.datetime) -> list[tuple[str, int]]:
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="campaigns"):
        watchdog.watch(now=now)
    told = [record for record in caplog.records if record.message == "campaign.stalled"]
    return [(vars(record)["cause"], record.levelno) for record in told]


def test_the_alarm_comes_once_an_hour_and_louder_for_a_fault_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    make_pile()
    SendLane.objects.update(wake_at=NOW)
    assert alarms(caplog, LATER) == [("no_sender", logging.ERROR)]
    assert alarms(caplog, LATER + dt.timedelta(minutes=59)) == []
    Connection.objects.update(state="disconnected")
    assert alarms(caplog, LATER + dt.timedelta(minutes=60)) == [("disconnected", logging.WARNING)]


def test_what_is_expected_alarms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    make_pile()
    assert alarms(caplog, LATER) == []
    assert Campaign.objects.get().alarmed_at is None


def test_a_campaign_that_moved_since_may_alarm_again(caplog: pytest.LogCaptureFixture) -> None:
    make_pile()
    SendLane.objects.update(wake_at=NOW)
    assert len(alarms(caplog, LATER)) == 1
    CampaignLane.objects.update(served_at=LATER + dt.timedelta(minutes=1))
    assert len(alarms(caplog, LATER + dt.timedelta(minutes=15))) == 1


def test_a_batch_of_campaigns_costs_the_same(django_assert_max_num_queries: Any) -> None:
    for _ in range(3):
        make_pile()
    restore_guard.check()
    with django_assert_max_num_queries(5):
        assert len(stalls()) == 3


def test_its_owner_reads_the_cause_on_the_dashboard(ana: Membership) -> None:
    give_allowance(ana.account)
    connection = make_connection(ana.account)
    campaign = make_campaign(ana.account, connection, name="Ofertas")
    settle(campaign, make_messages(campaign, connection, 2)[:1], "sent")
    SendLane.objects.update(wake_at=NOW)

    board = selectors.dashboard(account=ana.account, period=Period("all", None, None), now=LATER)

    assert [need.text for need in board.needs] == [
        "Ofertas não anda há 20 min. O envio está atrasado por um problema nosso. Já fomos avisados; você não precisa"
        " fazer nada."
    ]


def test_repairs_are_those_that_the_watchdog_knows() -> None:
    assert set(Repair) == {"", "wake", "rescue", "recount"}
