"""The whole path over real HTTP: claim, send to the sandbox, record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from campaigns.domain.states import MessageStatus
from campaigns.models import Attempt, CampaignMessage, ContactMemory
from campaigns.services import pump
from campaigns.services.reconcile import reconcile_counters
from leads_infinitos.sandbox.client import SandboxClient
from leads_infinitos.sandbox.running import running_sandbox
from tests.campaigns.rows import counters, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client


def test_every_message_of_many_lanes_is_accepted_exactly_once(sandbox: SandboxClient) -> None:
    account = make_sender()
    connections = [make_connection(account, sandbox) for _ in range(10)]
    campaign = make_campaign(account, *connections)
    for connection in connections:
        make_messages(campaign, connection, 20)
    before = len(sandbox.accepted())

    run = pump.run(budget_s=60)

    accepted = sandbox.accepted()[before:]
    assert run.claimed == run.recorded == 200
    assert counters(campaign) == {"sent": 200}
    assert len({line.phone for line in accepted}) == len(accepted) == 200
    ids = set(CampaignMessage.objects.values_list("gateway_message_id", flat=True))
    assert ids == {line.id for line in accepted}
    assert Attempt.objects.filter(outcome="accepted").count() == 200
    assert ContactMemory.objects.count() == 200
    assert reconcile_counters() == []


def test_a_number_without_whatsapp_is_invalid_and_gives_its_quota_back(sandbox: SandboxClient) -> None:
    account = make_sender()
    connection = make_connection(account, sandbox)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1, phones=["+5511989990404"])

    pump.run(budget_s=10)

    assert counters(campaign) == {"invalid": 1}
    account.send_allowance.refresh_from_db()
    connection.lane.refresh_from_db()
    assert (account.send_allowance.used_count, connection.lane.used_count) == (0, 0)


def test_an_answer_that_proves_nothing_leaves_the_message_unconfirmed_and_it_is_never_sent_again(
    sandbox: SandboxClient,
) -> None:
    account = make_sender()
    connection = make_connection(account, sandbox)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1, phones=["+5511989990204"])
    before = len(sandbox.accepted())

    pump.run(budget_s=5)
    pump.run(budget_s=5)

    assert counters(campaign) == {"unconfirmed": 1}
    assert len(sandbox.accepted()) == before + 1
    assert CampaignMessage.objects.get().status == MessageStatus.UNCONFIRMED
