"""What comes back meets what is being written at the same moment: whoever comes first, the end is the same."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database

from campaigns.domain.states import MessageStatus
from campaigns.errors import NotUnconfirmed
from campaigns.models import Campaign, CampaignMessage, Connection, GatewayEvent, Receipt, Reply, SendLane, Suppression
from campaigns.services import inbound, settle
from campaigns.services.claim import Claimed
from campaigns.services.reconcile import reconcile_counters
from campaigns.services.rescue import rescue_expired
from tests.campaigns.engine import LEASE_OVER, SECOND, answer, claim, message, record
from tests.campaigns.posted import DELIVERED, READ, SERVER, ack, store, written
from tests.campaigns.rows import LONG_AGO, NOW, counters, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 6
PHONE = "+5511987654321"
LATER = NOW + LEASE_OVER


def together(*works: Callable[[], Any]) -> list[Any]:
    """What the works return, begun at one moment in a thread each; the first error is raised here."""
    gate = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)
    errors: list[BaseException] = []

    def run(number: int) -> None:
        gate.wait()
        try:
            results[number] = works[number]()
        except BaseException as error:  # noqa: BLE001 (raised again in the test's own thread)
            errors.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return results


def drain() -> None:
    """Work on everything, also what waits."""
    for number in range(1, 60):
        if not GatewayEvent.objects.filter(try_at__isnull=False).exists():
            return
        inbound.process_due(now=LATER + number * inbound.LEASE)
    raise AssertionError("events wait for ever")


def make_claimed(*, lost: bool) -> tuple[Campaign, Connection, Claimed]:
    connection = make_connection(make_sender())
    campaign = make_campaign(connection.account, connection)
    make_messages(campaign, connection, 1)
    [claimed] = claim()
    if lost:
        rescue_expired(now=LATER)
    return campaign, connection, claimed


def check(campaign: Campaign, *, delivered: int) -> None:
    assert counters(campaign) == {"sent": 1}
    assert campaign.delivered_count == delivered
    assert reconcile_counters() == []


@pytest.mark.parametrize("lost", [False, True])
def test_a_record_and_the_ack_of_its_message(lost: bool) -> None:
    for _ in range(ROUNDS):
        campaign, connection, claimed = make_claimed(lost=lost)
        store(
            connection, ack("X", SERVER, phone=claimed.phone), ack("X", DELIVERED, phone=claimed.phone), at=NOW + SECOND
        )

        together(
            lambda claimed=claimed: record(answer(claimed, message_id="X"), now=LATER),  # type: ignore[misc]
            lambda: inbound.process_due(now=LATER),
        )
        drain()

        check(campaign, delivered=1)
        assert (message(claimed).gateway_message_id, message(claimed).receipt) == ("X", "delivered")
        assert Receipt.objects.filter(message_id=claimed.message_id).count() == 2


def test_a_lost_lease_is_rescued_while_its_ack_is_read() -> None:
    for _ in range(ROUNDS):
        campaign, connection, claimed = make_claimed(lost=False)
        store(connection, ack("X", DELIVERED, phone=claimed.phone), at=NOW + SECOND)
        together(lambda: rescue_expired(now=LATER), lambda: inbound.process_due(now=LATER))
        drain()
        check(campaign, delivered=1)
        assert (message(claimed).status, message(claimed).claim_token) == (MessageStatus.SENT, None)


def test_many_processors_count_each_receipt_once() -> None:
    connection = make_connection(make_sender())
    campaign = make_campaign(connection.account, connection)
    sent = make_messages(campaign, connection, 40)
    for one in sent:
        one.status, one.sent_at, one.gateway_message_id = MessageStatus.SENT, NOW, f"ID-{one.pk}"
    CampaignMessage.objects.bulk_update(sent, ["status", "sent_at", "gateway_message_id"])
    Campaign.objects.filter(pk=campaign.pk).update(queued_count=0, sent_count=40)
    for one in sent:
        store(connection, *(ack(one.gateway_message_id, status) for status in (READ, SERVER, DELIVERED)), at=NOW)
        store(connection, written("Oi", phone=one.phone, message_id=f"R-{one.pk}"), at=NOW)

    together(*[lambda: inbound.process_due(now=NOW)] * 4)
    drain()

    campaign.refresh_from_db()
    assert (campaign.delivered_count, campaign.read_count, Receipt.objects.count()) == (40, 40, 120)
    assert not Reply.objects.exists()  # nobody remembers a contact that the engine never made


def test_a_person_and_an_ack_settle_one_message_once() -> None:
    for _ in range(ROUNDS):
        campaign, connection, claimed = make_claimed(lost=True)
        doubtful = message(claimed)
        store(connection, ack("X", DELIVERED, phone=claimed.phone), at=NOW + SECOND)

        def decide(doubtful: CampaignMessage = doubtful) -> bool:
            try:
                settle.send_again(message=doubtful, by=None, now=LATER)
            except NotUnconfirmed:
                return False
            return True

        decided, _ = together(decide, lambda: inbound.process_due(now=LATER))
        assert counters(campaign) == ({"queued": 1} if decided else {"sent": 1})
        assert reconcile_counters(campaign_ids=[campaign.pk]) == []
        CampaignMessage.objects.filter(status="queued").update(status="skipped")  # leaves the next round alone
        GatewayEvent.objects.all().delete()
        Campaign.objects.update(status="draft")


def test_who_asks_to_stop_is_in_no_claim_that_begins_afterwards() -> None:
    connection = make_connection(make_sender())
    for _ in range(40):
        campaign = make_campaign(connection.account, connection)
        make_messages(campaign, connection, 1, phones=[PHONE])
    store(connection, written("SAIR", phone=PHONE), at=NOW)
    begun: list[float] = []
    midway = threading.Event()

    def send() -> None:
        """One claim after the other, each answered at once."""
        for number in range(30):
            started = time.monotonic()
            at = NOW + number * 60 * SECOND
            taken = claim(at)
            begun.extend(started for _ in taken)
            if len(begun) >= 3:
                midway.set()
            record(*[answer(one) for one in taken], now=at) if taken else None
            if Suppression.objects.exists() and not taken:
                return

    def stop() -> float:
        assert midway.wait(30)
        while not Suppression.objects.exists():
            inbound.process_due(now=NOW + dt.timedelta(hours=1))
        return time.monotonic()

    _, stopped = together(send, stop)

    assert len(begun) >= 3
    assert all(started <= stopped for started in begun)
    assert not CampaignMessage.objects.filter(status="sending").exists()
    SendLane.objects.update(not_before=LONG_AGO, wake_at=LONG_AGO)
    assert claim(NOW + dt.timedelta(hours=2)) == []
