"""A queue that changes numbers while senders work on both: each message leaves once, from one number."""

from __future__ import annotations

import pytest
from django.db import connection

from campaigns.domain.dealing import FAILOVER_AFTER
from campaigns.errors import RetryPreparing
from campaigns.models import CampaignMessage, Connection, ConnectionState
from campaigns.services import copies, failover
from campaigns.services.reconcile import reconcile_counters
from campaigns.services.record import record_batch
from tests.campaigns.engine import SECOND, answer, claim
from tests.campaigns.rows import NOW, counters, make_campaign, make_connection, make_messages, make_sender, settle
from tests.campaigns.threads import together

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite lets one transaction write at a time"),
    pytest.mark.django_db(transaction=True),
]


def test_a_number_that_comes_back_while_its_queue_moves_sends_nothing_of_it_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(failover, "BATCH", 5)
    account = make_sender()
    lost, other = make_connection(account), make_connection(account)
    campaign = make_campaign(account, lost, other)
    make_messages(campaign, lost, 60)
    make_messages(campaign, other, 20)
    down = {"state": ConnectionState.DISCONNECTED, "state_since": NOW - FAILOVER_AFTER}
    up = {"state": ConnectionState.CONNECTED, "state_since": NOW}
    Connection.objects.filter(pk=lost.pk).update(**down)

    def send() -> list[tuple[int, int]]:
        sent = []
        for second in range(150):
            taken = claim(NOW + second * SECOND)
            record_batch([answer(one, after_s=0.1) for one in taken], now=NOW + second * SECOND)
            sent += [(one.message_id, one.connection_id) for one in taken]
        return sent

    def flap() -> list[tuple[int, int]]:
        for turn in range(30):
            failover.redeal_lost(now=NOW, batches=1)
            Connection.objects.filter(pk=lost.pk).update(**(up if turn % 2 else down))
        return []

    sent = [pair for result in together(send, send, flap) for pair in result]

    assert len({message_id for message_id, _ in sent}) == len(sent)
    rows = CampaignMessage.objects.filter(status="sent").values_list("pk", "connection_id")
    assert set(rows) == set(sent)
    assert sum(counters(campaign).values()) == 80
    assert reconcile_counters() == []


def test_two_people_who_retry_at_once_make_one_run() -> None:
    account = make_sender()
    number = make_connection(account)
    campaign = make_campaign(account, number)
    settle(campaign, make_messages(campaign, number, 2), "failed", reason="not_connected")
    campaign.status = "finished"
    campaign.save(update_fields=["status"])

    def attempt() -> str:
        try:
            copies.retry_failures(campaign=campaign, by=None, now=NOW)
        except RetryPreparing:
            return "refused"
        return "made"

    assert sorted(together(attempt, attempt, attempt)) == ["made", "refused", "refused"]
