"""Receipts only go forward, whatever order they come in, and the counters follow them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from campaigns.domain.receipts import RANK, counts, furthest
from campaigns.domain.states import MessageStatus, ReceiptStatus
from campaigns.models import Campaign, CampaignMessage, Connection, Receipt
from campaigns.services import inbound
from campaigns.services.rescue import rescue_expired
from tests.campaigns.engine import LEASE_OVER, SECOND, answer, claim, message, record
from tests.campaigns.posted import DELIVERED, FAILED, LID, READ, SERVER, ack, echo, post, reasons, store
from tests.campaigns.rows import NOW, counters, make_campaign, make_connection, make_messages, make_sender

LATER = NOW + dt.timedelta(seconds=5)


def make_sent(count: int = 1) -> tuple[Campaign, Connection, list[CampaignMessage]]:
    """Messages that were accepted, each with the id `ID-<pk>`."""
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, count)
    for number in range(count):
        [claimed] = claim(NOW + number * 60 * SECOND)
        record(answer(claimed))
    return campaign, connection, list(CampaignMessage.objects.filter(campaign=campaign).order_by("pk"))


def figures(campaign: Campaign) -> tuple[int, int, int]:
    """(sent, delivered, read)."""
    campaign.refresh_from_db()
    return campaign.sent_count, campaign.delivered_count, campaign.read_count


def test_the_scale_holds_every_receipt() -> None:
    assert set(RANK) == set(ReceiptStatus)
    assert [one for one in RANK if one != "failed"] == ["none", "server", "delivered", "read"]


@pytest.mark.parametrize(
    ("statuses", "end"),
    [
        ([], "none"),
        (["server"], "server"),
        (["read", "server"], "read"),
        (["failed", "server"], "failed"),
        (["failed", "delivered"], "delivered"),
        (["delivered", "failed"], "delivered"),
    ],
)
def test_the_furthest_receipt_counts(statuses: list[str], end: str) -> None:
    assert furthest(statuses) == end


def test_a_read_implies_a_delivery() -> None:
    assert [counts(status) for status in ("server", "failed", "delivered", "read")] == [(0, 0), (0, 0), (1, 0), (1, 1)]


@pytest.mark.django_db
class TestOneMessage:
    def test_each_receipt_moves_the_message_and_the_counters_once(self) -> None:
        campaign, connection, [sent] = make_sent()
        post(connection, ack(sent.gateway_message_id, SERVER), at=LATER)
        assert figures(campaign) == (1, 0, 0)
        post(connection, ack(sent.gateway_message_id, DELIVERED), at=LATER)
        assert figures(campaign) == (1, 1, 0)
        post(connection, ack(sent.gateway_message_id, "4"), at=LATER)
        assert figures(campaign) == (1, 1, 1)
        sent.refresh_from_db()
        assert (sent.receipt, sent.status) == ("read", "sent")
        assert list(Receipt.objects.order_by("pk").values_list("status", flat=True)) == ["server", "delivered", "read"]

    def test_the_same_event_again_is_not_stored(self) -> None:
        campaign, connection, [sent] = make_sent()
        for _ in range(2):
            post(connection, ack(sent.gateway_message_id, DELIVERED), at=LATER)
        assert reasons() == ["processed"]
        assert figures(campaign) == (1, 1, 0)

    def test_a_failed_receipt_leaves_it_sent_and_says_why(self) -> None:
        campaign, connection, [sent] = make_sent()
        post(connection, ack(sent.gateway_message_id, FAILED), at=LATER)
        sent.refresh_from_db()
        assert (sent.status, sent.receipt) == ("sent", "failed")
        assert Receipt.objects.get().reason == "undelivered"
        assert figures(campaign) == (1, 0, 0)

    def test_only_the_id_matters_and_not_whom_the_ack_names(self) -> None:
        campaign, connection, [sent] = make_sent()
        post(connection, ack(sent.gateway_message_id, READ, remote=LID), at=LATER)
        assert figures(campaign) == (1, 1, 1)

    def test_an_id_of_another_number_is_not_ours(self) -> None:
        campaign, _, [sent] = make_sent()
        other = make_connection(make_sender())
        post(other, ack(sent.gateway_message_id, READ, phone=sent.phone), at=LATER)
        assert figures(campaign) == (1, 0, 0)
        assert reasons() == ["ignored unknown_message"]

    def test_an_echo_of_a_known_message_changes_nothing(self) -> None:
        campaign, connection, [sent] = make_sent()
        post(connection, echo(sent.gateway_message_id, "outro texto", phone=sent.phone), at=LATER)
        assert (figures(campaign), reasons(), Receipt.objects.count()) == ((1, 0, 0), ["processed"], 0)

    def test_the_instance_is_known_to_confirm_deliveries(self) -> None:
        _, connection, [sent] = make_sent()
        post(connection, ack(sent.gateway_message_id, SERVER), at=LATER)
        post(connection, ack(sent.gateway_message_id, READ), at=LATER + SECOND)
        connection.refresh_from_db()
        assert connection.acks_seen_at == LATER  # a minute's precision is enough


@pytest.mark.django_db
class TestEarly:
    """The ack comes before our own record of the send."""

    def test_it_waits_for_the_record_and_then_counts(self) -> None:
        account = make_sender()
        connection = make_connection(account)
        campaign = make_campaign(account, connection)
        make_messages(campaign, connection, 1)
        [claimed] = claim()
        post(connection, ack(f"ID-{claimed.message_id}", DELIVERED, phone=claimed.phone), at=NOW + SECOND)
        assert reasons() == ["waiting in_flight"]
        record(answer(claimed, after_s=2))

        inbound.process_due(now=NOW + 2 * SECOND)
        assert reasons() == ["waiting in_flight"]  # not yet due
        inbound.process_due(now=NOW + 3 * SECOND)

        assert reasons() == ["processed"]
        assert figures(campaign) == (1, 1, 0)

    def test_with_a_lid_it_waits_as_well(self) -> None:
        account = make_sender()
        connection = make_connection(account)
        campaign = make_campaign(account, connection)
        make_messages(campaign, connection, 1)
        [claimed] = claim()
        post(connection, ack(f"ID-{claimed.message_id}", READ), at=NOW + SECOND)
        record(answer(claimed, after_s=2))
        inbound.process_due(now=NOW + 3 * SECOND)
        assert figures(campaign) == (1, 1, 1)

    def test_with_a_lid_it_does_not_wait_for_what_was_claimed_afterwards(self) -> None:
        account = make_sender()
        connection = make_connection(account)
        campaign = make_campaign(account, connection)
        make_messages(campaign, connection, 1)
        store(connection, ack("BY-HAND", READ), at=NOW - SECOND)
        claim()
        inbound.process_due(now=NOW + SECOND)
        assert reasons() == ["ignored unknown_message"]

    def test_a_message_to_somebody_else_is_not_waited_for(self) -> None:
        account = make_sender()
        connection = make_connection(account)
        make_messages(make_campaign(account, connection), connection, 1)
        claim()
        post(connection, ack("BY-HAND", READ, phone="+5511988887777"), at=NOW + SECOND)
        assert reasons() == ["ignored unknown_message"]

    def test_after_a_lost_lease_it_settles_the_message_and_counts(self) -> None:
        account = make_sender()
        connection = make_connection(account)
        campaign = make_campaign(account, connection)
        make_messages(campaign, connection, 1)
        [claimed] = claim()
        post(
            connection, ack("X", SERVER, phone=claimed.phone), ack("X", DELIVERED, phone=claimed.phone), at=NOW + SECOND
        )
        rescue_expired(now=NOW + LEASE_OVER)
        inbound.process_due(now=NOW + LEASE_OVER)
        assert figures(campaign) == (1, 1, 0)
        assert (message(claimed).status, message(claimed).gateway_message_id) == (MessageStatus.SENT, "X")


STREAMS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from([FAILED, SERVER, DELIVERED, READ])), min_size=1, max_size=12
)


def make_sent_at_once(count: int) -> tuple[Campaign, Connection, list[CampaignMessage]]:
    """As `make_sent`, without the engine: for many repetitions."""
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    sent = make_messages(campaign, connection, count)
    for one in sent:
        one.status, one.sent_at, one.gateway_message_id = MessageStatus.SENT, NOW, f"ID-{one.pk}"
    CampaignMessage.objects.bulk_update(sent, ["status", "sent_at", "gateway_message_id"])
    Campaign.objects.filter(pk=campaign.pk).update(queued_count=0, sent_count=count)
    return campaign, connection, sent


class AnyOrder(TestCase):
    """Any stream of receipts, shuffled and repeated and cut into any batches, gives the same end."""

    @hypothesis_settings(max_examples=15, deadline=None)
    @given(stream=STREAMS, data=st.data())
    def test_any_shuffle_and_repetition_of_a_stream_gives_the_same_end(self, stream: list[Any], data: Any) -> None:
        first = self.end_of(stream, [len(stream)])
        shuffled = data.draw(st.permutations(stream + data.draw(st.lists(st.sampled_from(stream), max_size=6))))
        cuts = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
        assert self.end_of(shuffled, cuts) == first

    def end_of(self, stream: list[Any], cuts: list[int]) -> Any:
        """The receipts and counters after the stream, worked on in batches of these sizes in turn."""
        campaign, connection, sent = make_sent_at_once(3)
        left, turn = list(stream), 0
        while left:
            size = cuts[turn % len(cuts)]
            part, left, turn = left[:size], left[size:], turn + 1
            post(
                connection,
                *(ack(sent[who].gateway_message_id, status) for who, status in part),
                at=LATER + turn * SECOND,
            )
        ends = [CampaignMessage.objects.get(pk=one.pk).receipt for one in sent]
        sent_count, delivered, read = figures(campaign)
        assert delivered == sum(one in ("delivered", "read") for one in ends)
        assert read == sum(one == ReceiptStatus.READ for one in ends)
        known = Receipt.objects.filter(connection=connection).values_list("message__position", "status")
        assert counters(campaign) == {"sent": 3}
        return ends, (sent_count, delivered, read), sorted(known)
