"""`explain` and `lane_status`: what an operator reads agrees with what a claim does."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts import clock
from accounts.models import Membership
from billing.models import SendAllowance
from campaigns.domain.restoring import GuardVerdict, Stop
from campaigns.models import Campaign, CampaignMessage, Connection, SendLane, Suppression
from campaigns.selectors import explain
from campaigns.selectors.explain import Explanation
from tests.campaigns.engine import REFUSED_LANE, answer, claim, record
from tests.campaigns.rows import (
    NOW,
    give_allowance,
    make_campaign,
    make_connection,
    make_messages,
    make_sender,
    settle,
)

pytestmark = pytest.mark.django_db
FREE = GuardVerdict()


def make_pile(messages: int = 3, *, gap_s: float = 60, **campaign: Any) -> tuple[Campaign, list[CampaignMessage]]:
    account = make_sender()
    connection = make_connection(account, gap_s=gap_s)
    made = make_campaign(account, connection, **campaign)
    return made, make_messages(made, connection, messages)


def of_message(message: CampaignMessage, *, guard: GuardVerdict = FREE, now: dt.datetime = NOW) -> Explanation:
    message = CampaignMessage.objects.select_related("campaign__account").get(pk=message.pk)
    return explain.explain_message(message=message, guard=guard, now=now)


def reason_of(explanation: Explanation) -> str:
    return explanation.deciding.verdict.reason if explanation.deciding else ""


def test_a_message_that_may_leave_now_waits_for_nothing() -> None:
    _, rows = make_pile()
    shown = of_message(rows[0])
    assert (reason_of(shown), shown.earliest, shown.ahead) == ("", NOW, 0)
    assert [one.message_id for one in claim()] == [rows[0].pk]


def test_those_ahead_take_a_gap_each() -> None:
    _, rows = make_pile()
    shown = of_message(rows[2])
    assert (shown.ahead, shown.earliest) == (2, NOW + dt.timedelta(minutes=2))


def test_the_earliest_time_lies_in_the_window() -> None:
    _, rows = make_pile(2, window=[[[13 * 60, 14 * 60]]] * 7)  # NOW is noon
    shown = of_message(rows[0])
    assert (reason_of(shown), shown.earliest) == ("outside_window", NOW + dt.timedelta(hours=1))


WAITS: list[tuple[str, str, dict[str, object], str]] = [
    ("account", "halted", {"halted_reason": "abuse"}, "account_halted"),
    ("account", "lapsed", {"send_until": NOW}, "licence_lapsed"),
    ("connection", "down", {"state": "disconnected"}, "disconnected"),
    ("campaign", "paused", {"status": "paused", "pause_reason": "restored"}, "restored"),
    ("campaign", "preparing", {"audience_ready_at": None}, "preparing"),
]


@pytest.mark.parametrize(("what", "name", "change", "reason"), WAITS)
def test_a_wait_that_only_an_event_ends_has_no_earliest_time(
    what: str, name: str, change: dict[str, object], reason: str
) -> None:
    _, rows = make_pile()
    rows_of = {"account": SendAllowance, "connection": Connection, "campaign": Campaign}[what].objects  # type: ignore[attr-defined]
    rows_of.update(**change)

    shown = of_message(rows[0])

    assert (reason_of(shown), shown.earliest) == (reason, None)
    assert claim() == []


def test_a_rest_and_the_pace_name_their_end() -> None:
    _, rows = make_pile()
    rest, pace = NOW + dt.timedelta(minutes=5), NOW + dt.timedelta(minutes=9)
    SendLane.objects.update(rest_until=rest, rest_reason="rate_limited", not_before=pace, wake_at=pace)
    shown = of_message(rows[0])
    assert [step.verdict.reason for step in shown.steps if not step.verdict.may_send] == ["resting", "pace"]
    assert shown.earliest == pace


def test_the_values_compared_come_along() -> None:
    _, rows = make_pile()
    SendAllowance.objects.update(daily_limit=4, used_on=NOW.date(), used_count=4)
    step = of_message(rows[0]).deciding
    assert step
    assert step.verdict.compared == {"used": 4, "limit": 4}
    assert of_message(rows[0]).earliest == dt.datetime(2026, 11, 26, 3, 0, tzinfo=dt.UTC)


def test_a_phone_that_asked_to_stop_will_never_hear() -> None:
    campaign, rows = make_pile()
    Suppression.objects.create(account=campaign.account, phone=rows[0].phone, reason="opt_out")
    shown = of_message(rows[0])
    assert (reason_of(shown), shown.earliest) == ("suppressed_opt_out", None)


def test_the_restore_guard_stands_before_everything() -> None:
    _, rows = make_pile()
    Connection.objects.update(state="disconnected")
    shown = of_message(rows[0], guard=GuardVerdict(Stop.BEHIND, ledger=3, witness=5, behind=2))
    assert reason_of(shown) == "database_behind"
    assert shown.deciding
    assert shown.deciding.verdict.compared["behind"] == 2


def test_a_settled_message_shows_why_it_did_not_leave() -> None:
    campaign, rows = make_pile()
    settle(campaign, rows[:1], "skipped", reason="contacted_recently")
    shown = of_message(rows[0])
    assert (shown.status, shown.reason, shown.is_settled, shown.steps) == ("skipped", "contacted_recently", True, ())


def test_a_campaign_goes_on_with_the_first_of_its_numbers_that_may() -> None:
    campaign, _ = make_pile()
    other = make_connection(campaign.account)
    campaign.lanes.add(other.lane, through_defaults={"account": campaign.account})
    SendLane.objects.exclude(connection=other).update(not_before=NOW + dt.timedelta(minutes=4), wake_at=None)

    shown = explain.explain_campaign(campaign=campaign, guard=FREE, now=NOW)
    assert shown.earliest == NOW

    SendLane.objects.filter(connection=other).update(rest_until=NOW + dt.timedelta(minutes=9), rest_reason="auth")
    shown = explain.explain_campaign(campaign=campaign, guard=FREE, now=NOW)
    assert shown.earliest == NOW + dt.timedelta(minutes=4)


def test_a_campaign_without_numbers_says_so() -> None:
    campaign = make_campaign(make_sender())
    assert reason_of(explain.explain_campaign(campaign=campaign, guard=FREE, now=NOW)) == "no_connection"


def run(*arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command(*arguments, "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return answer


def test_the_command_explains_campaigns_messages_and_lanes() -> None:
    campaign, rows = make_pile()
    Connection.objects.update(state="disconnected")
    lane = SendLane.objects.get()

    for name in (str(campaign.pk), f"campaign:{campaign.pk}", f"message:{rows[0].pk}", f"lane:{lane.pk}"):
        shown = run("explain", name)
        assert (shown["waits_for"], shown["earliest"]) == ("disconnected", None)
        assert "QR code" in next(step["why"] for step in shown["steps"] if step["reason"])
    out = StringIO()
    call_command("explain", f"message:{rows[0].pk}", stdout=out)
    assert f"número {lane.pk}: O número está desconectado" in out.getvalue()
    assert rows[0].phone not in out.getvalue()


@pytest.mark.parametrize("name", ["message:0", "lane:0", "0", "nobody", "phone:1"])
def test_what_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("explain", name)
    assert refused.value.returncode == 2


def test_the_status_of_lanes_shows_flight_rest_use_and_the_last_answer() -> None:
    make_pile()
    (taken,) = claim(clock.now())

    (lane,) = run("lane_status")["lanes"]
    assert (lane["used_today"], lane["last_answer"]) == (1, None)
    assert lane["in_flight_since"] == taken.claimed_at.isoformat()

    record(answer(taken, REFUSED_LANE, code="rate_limited"))
    (lane,) = run("lane_status")["lanes"]
    assert (lane["reason"], lane["in_flight_since"], lane["used_today"]) == ("resting", None, 0)
    assert (lane["last_answer"]["outcome"], lane["last_answer"]["code"]) == ("refused_lane", "rate_limited")
    assert lane["rest_until"] == lane["next_send_at"]


def test_lanes_of_one_account_only(ana: Membership, caio: Membership) -> None:
    for member in (ana, caio):
        give_allowance(member.account)
        make_connection(member.account)

    lanes = run("lane_status", "--account", ana.user.email.upper())["lanes"]

    assert [lane["account"] for lane in lanes] == [ana.account_id]
    assert len(run("lane_status")["lanes"]) == 2
    with pytest.raises(CommandError):
        call_command("lane_status", "--account", "nobody@example.com")


def test_the_status_is_readable_without_json() -> None:
    make_pile()
    SendLane.objects.update(rest_until=clock.now() + dt.timedelta(hours=1), rest_reason="rate_limited")
    out = StringIO()
    call_command("lane_status", stdout=out)
    assert "O número está descansando" in out.getvalue()
