"""Unconfirmed messages are settled by what the gateway says later, if that is beyond doubt."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from campaigns.domain.states import MessageStatus
from campaigns.models import Attempt, Campaign, CampaignMessage, Connection, SendLane, UsageDay
from campaigns.services import inbound, receipts
from campaigns.services.claim import Claimed
from campaigns.services.reconcile import reconcile_counters
from campaigns.services.rescue import rescue_expired
from tests.campaigns.engine import LEASE_OVER, REFUSED_NUMBER, SECOND, UNKNOWN, answer, claim, message, record
from tests.campaigns.posted import DELIVERED, LID, READ, SERVER, ack, echo, post, reasons, store
from tests.campaigns.rows import LONG_AGO, NOW, counters, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db
SHORT, LONG = "556199990002@s.whatsapp.net", "+5561999990002"  # one person, without and with the ninth digit


def make_doubtful(**sender: Any) -> tuple[Campaign, Connection, Claimed]:
    """A message to LONG whose call had no usable answer."""
    account = make_sender(**sender)
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1, phones=[LONG])
    [claimed] = claim()
    record(answer(claimed, UNKNOWN))
    return campaign, connection, claimed


def make_another_doubtful(campaign: Campaign, connection: Connection, *, at: dt.datetime) -> Claimed:
    """A second campaign's unconfirmed message to the same phone."""
    claimed = claim_another(campaign, connection, at=at)
    record(answer(claimed, UNKNOWN))
    return claimed


def claim_another(campaign: Campaign, connection: Connection, *, at: dt.datetime) -> Claimed:
    """A second campaign's message to the same phone, on its way."""
    SendLane.objects.update(not_before=LONG_AGO)
    other = make_campaign(campaign.account, connection)
    make_messages(other, connection, 1, phones=[LONG])
    [claimed] = claim(at)
    return claimed


def usage() -> dict[str, int]:
    [day] = UsageDay.objects.all()
    return {"sent": day.sent, "unconfirmed": day.unconfirmed}


def test_an_ack_to_the_other_spelling_of_the_number_settles_it() -> None:
    campaign, connection, claimed = make_doubtful()
    assert usage() == {"sent": 0, "unconfirmed": 1}

    post(connection, ack("X", SERVER, remote=SHORT), at=NOW + 5 * SECOND)

    row = message(claimed)
    assert (row.status, row.gateway_message_id, row.reason, row.claim_token) == ("sent", "X", "", None)
    assert (row.receipt, row.sent_at) == ("server", NOW + 5 * SECOND)
    assert (counters(campaign), usage()) == ({"sent": 1}, {"sent": 1, "unconfirmed": 0})
    assert campaign.last_sent_at == NOW + 5 * SECOND
    assert reconcile_counters() == []


def test_all_the_receipts_of_one_batch_count() -> None:
    campaign, connection, claimed = make_doubtful()
    post(connection, ack("X", READ, remote=SHORT), ack("X", SERVER, remote=SHORT), at=NOW + 5 * SECOND)
    campaign.refresh_from_db()
    assert (message(claimed).receipt, campaign.delivered_count, campaign.read_count) == ("read", 1, 1)


def test_a_delivery_days_later_settles_when_the_id_was_heard_in_time() -> None:
    campaign, connection, claimed = make_doubtful()
    other = make_another_doubtful(campaign, connection, at=NOW + 60 * SECOND)
    post(connection, ack("X", SERVER, remote=SHORT), at=NOW + 70 * SECOND)
    assert reasons() == ["ignored unmatched"]  # two candidates
    CampaignMessage.objects.filter(pk=other.message_id).update(status=MessageStatus.FAILED)  # one is settled meanwhile

    post(connection, ack("X", DELIVERED, remote=SHORT), at=NOW + dt.timedelta(days=2))

    assert (message(claimed).status, message(claimed).receipt) == ("sent", "delivered")
    assert message(claimed).sent_at == NOW + 45 * SECOND  # by then its call was over


def test_an_ack_first_heard_too_late_is_not_its_own() -> None:
    _, connection, claimed = make_doubtful()
    post(connection, ack("X", DELIVERED, remote=SHORT), at=NOW + 166 * SECOND)
    assert (message(claimed).status, reasons()) == ("unconfirmed", ["ignored unknown_message"])


def test_an_echo_with_its_text_settles_it_and_one_with_another_does_not() -> None:
    _, connection, claimed = make_doubtful()
    post(connection, echo("BY-HAND", "Oi, aqui é a loja", remote=SHORT), at=NOW + 5 * SECOND)
    post(connection, ack("BY-HAND", DELIVERED, remote=SHORT), at=NOW + 6 * SECOND)
    assert message(claimed).status == "unconfirmed"
    post(connection, echo("X", claimed.body, remote=SHORT), at=NOW + dt.timedelta(days=1))
    assert (message(claimed).status, message(claimed).gateway_message_id) == ("sent", "X")


def test_a_lid_or_two_candidates_leave_it_to_a_person() -> None:
    campaign, connection, claimed = make_doubtful()
    post(connection, ack("X", SERVER, remote=LID), at=NOW + 5 * SECOND)
    make_another_doubtful(campaign, connection, at=NOW + 60 * SECOND)
    post(connection, echo("Y", claimed.body, remote=SHORT), at=NOW + 65 * SECOND)
    assert reasons() == ["ignored unmatched"] * 2
    assert counters(campaign) == {"unconfirmed": 1}


def test_the_same_number_on_another_connection_settles_nothing() -> None:
    campaign, _, claimed = make_doubtful()
    other = make_connection(campaign.account)
    post(other, ack("X", SERVER, remote=SHORT), echo("Y", claimed.body, remote=SHORT), at=NOW + 5 * SECOND)
    assert message(claimed).status == "unconfirmed"


def test_two_ids_at_once_settle_one_message_once() -> None:
    campaign, connection, claimed = make_doubtful()
    post(connection, ack("X", SERVER, remote=SHORT), ack("Y", SERVER, remote=SHORT), at=NOW + 5 * SECOND)
    assert (counters(campaign), message(claimed).gateway_message_id) == ({"sent": 1}, "X")
    assert reasons() == ["processed", "ignored unknown_message"]


def test_an_id_waits_while_another_message_to_the_phone_is_on_its_way() -> None:
    campaign, connection, claimed = make_doubtful()
    second = claim_another(campaign, connection, at=NOW + 60 * SECOND)
    post(connection, ack(f"ID-{second.message_id}", SERVER, remote=SHORT), at=NOW + 61 * SECOND)
    assert reasons() == ["waiting in_flight"]

    record(answer(second, after_s=2))
    inbound.process_due(now=NOW + 63 * SECOND)

    assert (message(second).receipt, message(claimed).status) == ("server", "unconfirmed")


def make_lost() -> tuple[Campaign, Connection, Claimed]:
    """A message whose worker died: its lease ran out, and its answer may still come."""
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1, phones=[LONG])
    [claimed] = claim()
    rescue_expired(now=NOW + LEASE_OVER)
    return campaign, connection, claimed


@pytest.mark.parametrize("kind", ["accepted", "refused"])
def test_a_late_answer_finds_nothing_after_the_ack_settled_it(kind: str) -> None:
    campaign, connection, claimed = make_lost()
    post(connection, ack("X", DELIVERED, remote=SHORT), at=NOW + LEASE_OVER)
    late = answer(claimed, message_id="X") if kind == "accepted" else answer(claimed, REFUSED_NUMBER)

    assert record(late, now=NOW + 2 * LEASE_OVER) == 0

    assert (counters(campaign), usage()) == ({"sent": 1}, {"sent": 1, "unconfirmed": 0})
    assert (message(claimed).gateway_message_id, message(claimed).receipt) == ("X", "delivered")
    assert Attempt.objects.get().outcome == "unknown"


def test_the_ack_finds_the_id_after_the_late_answer_settled_it() -> None:
    campaign, connection, claimed = make_lost()
    record(answer(claimed, message_id="X"), now=NOW + LEASE_OVER)
    post(connection, ack("X", DELIVERED, remote=SHORT), at=NOW + LEASE_OVER)
    campaign.refresh_from_db()
    assert (counters(campaign), campaign.delivered_count, usage()) == ({"sent": 1}, 1, {"sent": 1, "unconfirmed": 0})


def test_a_finished_campaign_stays_finished_when_a_doubt_is_settled() -> None:
    campaign, connection, _ = make_doubtful()
    Campaign.objects.filter(pk=campaign.pk).update(status="finished", finished_at=NOW)
    post(connection, ack("X", SERVER, remote=SHORT), at=NOW + 5 * SECOND)
    campaign.refresh_from_db()
    assert (campaign.status, counters(campaign)) == ("finished", {"sent": 1})


def test_statistics_never_go_below_zero_when_the_zone_changed_meanwhile() -> None:
    campaign, connection, _ = make_doubtful()
    campaign.account.time_zone = "Pacific/Kiritimati"
    campaign.account.save()
    post(connection, ack("X", SERVER, remote=SHORT), at=NOW + 5 * SECOND)
    assert usage() == {"sent": 1, "unconfirmed": 0}


def test_statistics_that_were_deleted_stop_no_settling() -> None:
    campaign, connection, _ = make_doubtful()
    UsageDay.objects.all().delete()
    post(connection, ack("X", SERVER, remote=SHORT), at=NOW + 5 * SECOND)
    assert (counters(campaign), usage()) == ({"sent": 1}, {"sent": 1, "unconfirmed": 0})


def test_one_event_that_breaks_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    _, connection, _ = make_doubtful()
    genuine = receipts.handle

    def broken(arrived: Any, *, now: dt.datetime) -> Any:
        if any(one.event.message_id == "BROKEN" for one in arrived):
            raise RuntimeError("a row's values")
        return genuine(arrived, now=now)

    monkeypatch.setattr(receipts, "handle", broken)
    store(connection, ack("BROKEN", SERVER, remote=SHORT), ack("X", SERVER, remote=SHORT), at=NOW + 5 * SECOND)
    inbound.process_due(now=NOW + 5 * SECOND)
    assert reasons() == ["pending RuntimeError", "processed"]
    for number in range(1, inbound.MOST_TRIES):
        inbound.process_due(now=NOW + dt.timedelta(hours=2 * number))
    assert reasons() == ["failed RuntimeError", "processed"]


def test_events_that_are_done_with_are_deleted_after_a_month() -> None:
    _, connection, _ = make_doubtful()
    post(connection, ack("X", SERVER, remote=SHORT), at=NOW + 5 * SECOND)
    store(connection, ack("Y", SERVER, remote=SHORT), at=NOW + 5 * SECOND)
    assert inbound.prune(now=NOW + dt.timedelta(days=30)) == 0
    assert inbound.prune(now=NOW + dt.timedelta(days=31)) == 1
    assert reasons() == ["pending"]
