"""What a pump keeps when the database, a lock or a row fails it: no answer is lost while there is hope of writing it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, OperationalError
from pytest_django import Settings

from campaigns.models import CampaignMessage
from campaigns.services import pump, record
from campaigns.services.claim import Claim, claim_batch
from campaigns.services.reconcile import reconcile_counters
from campaigns.services.record import Answered, Recorded, record_batch
from leads_infinitos.sandbox.client import SandboxClient
from leads_infinitos.sandbox.running import running_sandbox
from tests.campaigns.engine import SECOND, answer, claim
from tests.campaigns.rows import NOW, counters, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client


def fail_for(monkeypatch: pytest.MonkeyPatch, error: Exception, *, campaign_id: int, times: int = 1000) -> list[int]:
    """Let each record that touches the campaign raise, so many times; gives the sizes of the batches that did."""
    write, failed = record._record, list[int]()

    def broken(batch: list[Answered], **fields: object) -> int:
        if len(failed) < times and any(one.claimed.campaign_id == campaign_id for one in batch):
            failed.append(len(batch))
            raise error
        return write(batch, **fields)  # type: ignore[arg-type]

    monkeypatch.setattr(record, "_record", broken)
    return failed


def test_a_batch_that_meets_a_long_lock_is_split_by_account(monkeypatch: pytest.MonkeyPatch) -> None:
    campaigns = []
    for _ in range(2):
        account = make_sender()
        connections = [make_connection(account) for _ in range(2)]
        campaigns.append(make_campaign(account, *connections))
        for connection in connections:
            make_messages(campaigns[-1], connection, 1)
    sizes = fail_for(monkeypatch, OperationalError("lock timeout"), campaign_id=campaigns[0].pk)

    recorded = record_batch([answer(one) for one in claim()], now=NOW + SECOND)

    assert sizes == [4, 2]
    assert [counters(campaign) for campaign in campaigns] == [{"sending": 2}, {"sent": 2}]
    assert (recorded.count, len(recorded.left)) == (2, 2)


def test_a_row_that_cannot_be_written_keeps_only_itself_back(monkeypatch: pytest.MonkeyPatch) -> None:
    account = make_sender()
    connections = [make_connection(account) for _ in range(4)]
    campaigns = [make_campaign(account, connection) for connection in connections]
    for campaign, connection in zip(campaigns, connections, strict=True):
        make_messages(campaign, connection, 1)
    fail_for(monkeypatch, ValueError("bad row"), campaign_id=campaigns[2].pk)

    recorded = record_batch([answer(one) for one in claim()], now=NOW + SECOND)

    assert [one.claimed.campaign_id for one in recorded.left] == [campaigns[2].pk]
    assert CampaignMessage.objects.filter(status="sent").count() == 3


def test_an_answer_that_met_a_lock_is_written_by_the_same_pump_once_the_lock_is_gone(
    sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "RETRY_S", 0.05)
    account = make_sender()
    connection = make_connection(account, sandbox)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 3)
    failed = fail_for(monkeypatch, OperationalError("lock timeout"), campaign_id=campaign.pk, times=4)

    run = pump.run(budget_s=20)

    assert len(failed) == 4
    assert (run.claimed, run.recorded) == (3, 3)
    assert counters(campaign) == {"sent": 3}


def test_an_answer_that_can_never_be_written_is_given_up_and_left_to_its_lease(
    sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "RETRY_S", 0.05)
    monkeypatch.setattr(pump, "KEEP_TRYING_S", 0.3)
    account = make_sender()
    connection = make_connection(account, sandbox)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1)
    fail_for(monkeypatch, OperationalError("lock timeout"), campaign_id=campaign.pk)

    assert pump.run(budget_s=1).recorded == 0
    assert counters(campaign) == {"sending": 1}


def test_a_claim_that_cannot_reach_the_database_lets_the_open_calls_end_and_be_recorded(
    sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_sender()
    connections = [make_connection(account, sandbox) for _ in range(3)]
    campaign = make_campaign(account, *connections)
    for connection in connections:
        make_messages(campaign, connection, 2)
    claims: list[int] = []

    def dies_after_the_first(**fields: object) -> Claim:
        claims.append(1)
        if len(claims) > 1:
            raise DatabaseError("server closed the connection")
        return claim_batch(**fields)  # type: ignore[arg-type]

    monkeypatch.setattr(pump, "claim_batch", dies_after_the_first)
    run = pump.run(budget_s=20)

    assert (run.claimed, run.recorded) == (3, 3)
    assert counters(campaign) == {"queued": 3, "sent": 3}


def test_a_clock_that_cannot_be_read_loses_no_answer(sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "RETRY_S", 0.05)
    account = make_sender()
    connection = make_connection(account, sandbox)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1)
    calls: list[int] = []

    def away(batch: list[Answered], **fields: object) -> Recorded:
        calls.append(len(batch))
        if len(calls) < 3:
            raise DatabaseError("away")
        return record_batch(batch, **fields)  # type: ignore[arg-type]

    monkeypatch.setattr(pump, "record_batch", away)
    pump.run(budget_s=10)
    assert counters(campaign) == {"sent": 1}


def test_a_second_pump_in_the_process_returns_at_once() -> None:
    account = make_sender()
    connection = make_connection(account)
    make_messages(make_campaign(account, connection), connection, 1)
    with pump._one_pump:
        assert pump.run(budget_s=5) == pump.Run()


def test_a_warm_shutdown_claims_nothing_more(sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch) -> None:
    account = make_sender()
    connection = make_connection(account, sandbox)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 5)

    def then_stop(**fields: object) -> Claim:
        pump.stopping.set()
        return claim_batch(**fields)  # type: ignore[arg-type]

    monkeypatch.setattr(pump, "claim_batch", then_stop)
    try:
        run = pump.run(budget_s=20)
    finally:
        pump.stopping.clear()
    assert (run.claimed, run.recorded) == (1, 1)
    assert counters(campaign) == {"queued": 4, "sent": 1}


@pytest.mark.parametrize(
    ("fault", "bucket"),
    [("hang_after_accept", "unconfirmed"), ("drop_after_accept", "unconfirmed"), ("not_registered", "invalid")],
)
def test_what_a_faulty_gateway_answers_ends_in_its_counter(
    sandbox: SandboxClient, settings: Settings, fault: str, bucket: str
) -> None:
    settings.CALL_TIMEOUT_S = 0.5
    account = make_sender()
    connection = make_connection(account, sandbox)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1)
    sandbox.set_faults(connection.instance_key, fault=fault)

    pump.run(budget_s=5)

    assert counters(campaign) == {bucket: 1}
    assert reconcile_counters() == []
    assert CampaignMessage.objects.get().claim_token is None
