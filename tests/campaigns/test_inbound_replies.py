"""What people write back: it stops the campaign for them, and the agreed words stop the whole account."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from campaigns import tasks
from campaigns.gateways import calls
from campaigns.gateways.base import InstanceStatus
from campaigns.models import Campaign, CampaignMessage, Connection, ContactMemory, GatewayEvent, Reply, Suppression
from campaigns.services import inbound
from campaigns.services.rescue import rescue_expired
from tests.campaigns.engine import LEASE_OVER, SECOND, answer, claim, message, record
from tests.campaigns.posted import LID, post, reasons, session, store, written
from tests.campaigns.rows import LONG_AGO, NOW, counters, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db
PHONE, OTHER = "+5561999990002", "+5561999990003"
SHORT = "556199990002@s.whatsapp.net"
LATER = NOW + dt.timedelta(minutes=5)


def make_contacted() -> tuple[Campaign, Connection, CampaignMessage]:
    """A message that PHONE got."""
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1, phones=[PHONE])
    [claimed] = claim()
    record(answer(claimed))
    return campaign, connection, message(claimed)


def replied(campaign: Campaign) -> int:
    campaign.refresh_from_db()
    return campaign.replied_count


def test_a_reply_is_kept_with_the_message_it_answers() -> None:
    campaign, connection, sent = make_contacted()
    post(connection, written("Tenho interesse", remoteJid=SHORT, message_id="R1"), at=LATER)
    reply = Reply.objects.get()
    assert (reply.message, reply.phone, reply.text, reply.received_at) == (sent, PHONE, "Tenho interesse", LATER)
    assert replied(campaign) == 1
    assert not Suppression.objects.exists()
    assert GatewayEvent.objects.get().body == {}  # the text stands in one place


def test_who_writes_three_times_replied_once() -> None:
    campaign, connection, _ = make_contacted()
    for _ in range(3):
        post(connection, written("Oi", phone=PHONE), at=LATER)
    post(connection, written("Oi", phone=PHONE, message_id="AGAIN"), at=LATER)
    post(connection, {**written("Oi", phone=PHONE, message_id="AGAIN"), "status": 1}, at=LATER)
    assert (Reply.objects.count(), replied(campaign)) == (4, 1)


def test_the_reply_belongs_to_the_latest_campaign_that_wrote_to_the_phone() -> None:
    campaign, connection, _ = make_contacted()
    connection.lane.refresh_from_db()
    type(connection.lane).objects.update(not_before=LONG_AGO)
    newer = make_campaign(campaign.account, connection)
    make_messages(newer, connection, 1, phones=[PHONE])
    [claimed] = claim(NOW + 60 * SECOND)
    record(answer(claimed))
    post(make_connection(campaign.account), written("Oi", phone=PHONE), at=LATER)
    assert Reply.objects.get().message_id == claimed.message_id
    assert (replied(campaign), replied(newer)) == (0, 1)


def test_an_automatic_answer_may_be_faster_than_our_record() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1, phones=[PHONE])
    [claimed] = claim()
    post(connection, written("Sair", phone=PHONE), at=NOW + SECOND)
    assert (reasons(), Suppression.objects.count()) == (["waiting in_flight"], 1)  # in force at once
    record(answer(claimed, after_s=2))

    inbound.process_due(now=NOW + 4 * SECOND)

    assert (reasons(), replied(campaign)) == (["processed"], 1)


def test_a_reply_to_a_message_in_doubt_counts_for_its_campaign() -> None:
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1, phones=[PHONE])
    [claimed] = claim()
    rescue_expired(now=NOW + LEASE_OVER)
    post(connection, written("Oi", phone=PHONE), at=LATER)
    assert (Reply.objects.get().message_id, replied(campaign)) == (claimed.message_id, 1)
    assert message(claimed).status == "unconfirmed"  # an answer proves nothing about this message


def test_a_reply_survives_the_deletion_of_what_it_answers() -> None:
    campaign, connection, _ = make_contacted()
    campaign.messages.all().delete()
    post(connection, written("Oi", phone=PHONE), at=LATER)
    assert Reply.objects.get().message is None


def test_what_a_stranger_writes_is_not_kept() -> None:
    _, connection, _ = make_contacted()
    post(connection, written("conversa particular", phone=OTHER), at=LATER)
    event = GatewayEvent.objects.get()
    assert (Reply.objects.count(), event.body, reasons()) == (0, {}, ["ignored never_contacted"])


def test_a_lid_alone_is_nobody_unless_it_quotes_our_message() -> None:
    campaign, connection, sent = make_contacted()
    post(connection, written("SAIR"), at=LATER)
    assert (reasons(), Suppression.objects.count()) == (["ignored no_phone"], 0)
    quoting = written("SAIR")
    quoting["message"] = {"extendedTextMessage": {"text": "SAIR", "contextInfo": {"stanzaId": sent.gateway_message_id}}}
    post(connection, quoting, at=LATER)
    assert (Suppression.objects.get().phone, replied(campaign)) == (PHONE, 1)


@pytest.mark.parametrize("text", ["SAIR", "parar.", "Descadastrar!"])
def test_one_of_the_words_suppresses_the_phone_in_the_whole_account(text: str) -> None:
    campaign, connection, _ = make_contacted()
    other = make_connection(campaign.account)
    waiting = make_campaign(campaign.account, other)
    make_messages(waiting, other, 1, phones=[PHONE])

    post(connection, written(text, remoteJid=LID, senderPn=SHORT), at=LATER)

    row = Suppression.objects.get()
    assert (row.account, row.phone, row.reason, row.source) == (campaign.account, PHONE, "opt_out", "whatsapp_reply")
    assert claim(LATER + SECOND) == []
    assert counters(waiting) == {"skipped": 1}
    assert CampaignMessage.objects.get(campaign=waiting).reason == "suppressed_opt_out"


def test_a_stranger_may_ask_to_stop_as_well() -> None:
    _, connection, _ = make_contacted()
    post(connection, written("STOP", phone=OTHER), at=LATER)
    assert (Suppression.objects.get().phone, Reply.objects.get().text) == (OTHER, "STOP")


def test_another_account_is_not_bound_by_it() -> None:
    campaign, connection, _ = make_contacted()
    stranger = make_sender()
    post(connection, written("SAIR", phone=PHONE), at=LATER)
    assert not Suppression.objects.filter(account=stranger).exists()
    assert not ContactMemory.objects.filter(account=stranger).exists()
    assert campaign.account.suppressions.count() == 1


def test_the_first_reason_of_a_suppression_stays() -> None:
    campaign, connection, _ = make_contacted()
    Suppression.objects.create(account=campaign.account, phone=PHONE, reason="manual", created_at=NOW)
    post(connection, written("SAIR", phone=PHONE), at=LATER)
    assert Suppression.objects.get().reason == "manual"


def test_any_reply_ends_what_the_campaign_would_send_to_that_person() -> None:
    campaign, connection, sent = make_contacted()
    post(connection, written("Oi", phone=PHONE), at=LATER)
    # As "enviar de novo" of a doubtful message makes it.
    CampaignMessage.objects.filter(pk=sent.pk).update(status="queued", sent_at=None)
    Campaign.objects.filter(pk=campaign.pk).update(sent_count=0, queued_count=1)
    assert claim(LATER + SECOND) == []
    assert CampaignMessage.objects.get(pk=sent.pk).reason == "replied_before"


def test_a_session_that_changes_has_the_gateway_asked_and_the_answer_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    _, connection, _ = make_contacted()
    asked: list[int] = []

    def publish(arguments: tuple[int], **options: Any) -> None:
        asked.extend(arguments)
        tasks.poll_connection(*arguments)

    monkeypatch.setattr(calls, "fetch_status", lambda config: InstanceStatus("disconnected"))
    monkeypatch.setattr(tasks.poll_connection, "apply_async", publish)
    store(connection, session(), session(), at=LONG_AGO)
    store(connection, session(), at=LONG_AGO + SECOND)
    tasks.process_gateway_events()
    connection.refresh_from_db()
    assert (asked, connection.state) == ([connection.pk], "disconnected")


def test_the_poll_of_a_removed_number_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(config: Any) -> InstanceStatus:
        raise AssertionError

    monkeypatch.setattr(calls, "fetch_status", never)
    _, connection, _ = make_contacted()
    Connection.objects.update(archived_at=NOW)
    tasks.poll_connection(connection.pk)
