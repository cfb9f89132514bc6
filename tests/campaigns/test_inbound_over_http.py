"""The whole way back over real HTTP: the gateway is told our address, posts what happens, and doubts end by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection as db
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.live_server_helper import LiveServer

from accounts import clock
from campaigns import tasks
from campaigns.gateways import calls
from campaigns.gateways.base import GatewayConfig
from campaigns.models import Attempt, Campaign, CampaignMessage, Connection, GatewayEvent, Reply, Suppression
from campaigns.services import inbound, pump, webhook_setup
from campaigns.services.reconcile import reconcile_counters
from leads_infinitos.kernel import crypto
from leads_infinitos.sandbox.client import SandboxClient
from leads_infinitos.sandbox.running import running_sandbox
from tests.campaigns.rows import counters, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db(transaction=True)
DEADLINE_S = 30.0


@pytest.fixture
def sandbox() -> Iterator[SandboxClient]:
    """A sandbox of the test's own: at its end nothing is posted any more, and what was is worked on to its end."""
    with running_sandbox() as client:
        yield client
    deadline = time.monotonic() + DEADLINE_S
    while _others_work():
        assert time.monotonic() < deadline, "a post is still being received"


def _others_work() -> bool:
    """Whether another connection is inside a transaction: emptying the tables under it would be a deadlock."""
    if db.vendor != "postgresql":
        return False
    with db.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state <> 'idle'"
        )
        return bool(cursor.fetchone()[0])


@pytest.fixture(autouse=True)
def _reachable(settings: Settings, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox posts to a real server of ours; what that publishes finds no worker."""
    settings.PUBLIC_URL = live_server.url
    monkeypatch.setattr(tasks.process_gateway_events, "apply_async", lambda **options: None)


def make_number(account: Any, sandbox: SandboxClient, **webhook: Any) -> Connection:
    """A connected number whose gateway was told our address by the service, with these options of its acks."""
    connection = make_connection(account, sandbox)
    secret = f"secret-{connection.pk}"
    connection.webhook_secret = secret
    connection.webhook_digest = crypto.digest("webhook", secret, key=django_settings.SECRET_KEY)
    connection.save(update_fields=["webhook_secret", "webhook_digest"])
    assert webhook_setup.set_due(now=clock.now()) == 1
    if webhook:
        sandbox.add_instance(connection.instance_key, **webhook)
    return connection


def work_until(done: Callable[[], bool]) -> None:
    """Work on what arrives until it is so."""
    deadline = time.monotonic() + DEADLINE_S
    while not done():
        assert time.monotonic() < deadline, "it did not come to be"
        inbound.process_due(now=clock.now())


def figures(campaign: Campaign) -> tuple[int, int, int]:
    campaign.refresh_from_db()
    return campaign.sent_count, campaign.delivered_count, campaign.read_count


@pytest.mark.parametrize(
    "options",
    [
        {"acks": [2, 3, 4]},
        {"acks": [2, 3, 4], "acks_swapped": True, "acks_duplicated": True},
        {"acks": [2, 3, 4], "acks_before_answer": True, "ack_delay_ms": 0},
        {"acks": [2, 3, 4], "echo": True},
    ],
    ids=["in order", "swapped and doubled", "before the answer", "with an echo"],
)
def test_every_receipt_arrives_in_the_counters(sandbox: SandboxClient, options: dict[str, Any]) -> None:
    account = make_sender()
    connection = make_number(account, sandbox, **options)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 3)

    pump.run(budget_s=20)
    work_until(lambda: figures(campaign) == (3, 3, 3))

    assert set(CampaignMessage.objects.values_list("receipt", flat=True)) == {"read"}
    connection.refresh_from_db()
    assert connection.acks_seen_at is not None
    assert reconcile_counters() == []


@pytest.mark.parametrize("fault", ["drop_after_accept", "empty_200", "gateway_timeout"])
@pytest.mark.parametrize("options", [{}, {"acks": [], "echo": True}], ids=["acks", "only an echo"])
def test_what_the_gateway_accepted_without_saying_so_is_settled_without_a_person(
    sandbox: SandboxClient, fault: str, options: dict[str, Any]
) -> None:
    account = make_sender()
    connections = [make_number(account, sandbox, **options) for _ in range(4)]
    campaign = make_campaign(account, *connections)
    for number, connection in enumerate(connections):
        # Area code 61: WhatsApp's id lacks the ninth digit that our number has.
        make_messages(campaign, connection, 1, phones=[f"+55619{91_000_000 + number}"])
        sandbox.set_faults(connection.instance_key, fault=fault)
    before = len(sandbox.accepted())

    pump.run(budget_s=10)
    assert Attempt.objects.filter(outcome="unknown").count() == 4
    work_until(lambda: counters(campaign) == {"sent": 4})

    accepted = {line.id for line in sandbox.accepted()[before:]}
    assert set(CampaignMessage.objects.values_list("gateway_message_id", flat=True)) == accepted
    assert reconcile_counters() == []


def test_a_lost_message_that_never_arrived_stays_in_doubt(sandbox: SandboxClient) -> None:
    account = make_sender()
    connection = make_number(account, sandbox)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 1)
    sandbox.set_faults(connection.instance_key, fault="drop_before_accept")
    pump.run(budget_s=10)
    inbound.process_due(now=clock.now())
    assert counters(campaign) == {"unconfirmed": 1}
    assert not GatewayEvent.objects.exists()


def test_who_answers_sair_is_never_written_to_again(sandbox: SandboxClient) -> None:
    account = make_sender()
    connection = make_number(account, sandbox, acks=[])
    campaign = make_campaign(account, connection)
    [sent] = make_messages(campaign, connection, 1)
    pump.run(budget_s=10)

    answered = sandbox.incoming(
        instance=connection.instance_key, sender=sent.phone.lstrip("+"), text="Sair!", lid="123"
    )
    assert answered == 200
    work_until(Suppression.objects.exists)
    other = make_connection(account, sandbox)
    again = make_campaign(account, other)
    make_messages(again, other, 1, phones=[sent.phone])
    pump.run(budget_s=10)

    assert counters(again) == {"skipped": 1}
    assert Reply.objects.get().message_id == sent.pk
    campaign.refresh_from_db()
    assert campaign.replied_count == 1


def test_a_session_that_closes_is_known_at_once(sandbox: SandboxClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.poll_connection, "apply_async", lambda arguments, **_: tasks.poll_connection(*arguments))
    connection = make_number(make_sender(), sandbox)
    sandbox.add_instance(connection.instance_key, status="disconnected")

    deadline = time.monotonic() + DEADLINE_S
    while connection.state == "connected":
        assert time.monotonic() < deadline
        tasks.process_gateway_events()
        connection.refresh_from_db()

    assert connection.state == "disconnected"


def test_the_address_is_set_once_and_again_when_the_number_is_linked_anew(sandbox: SandboxClient) -> None:
    connection = make_number(make_sender(), sandbox)
    hook = sandbox.instance_state(connection.instance_key)["webhook"]
    assert hook["url"] == webhook_setup.address_of(connection)
    assert hook["enabled"]
    assert webhook_setup.set_due(now=clock.now()) == 0
    Connection.objects.filter(pk=connection.pk).update(state_since=clock.now())
    assert webhook_setup.set_due(now=clock.now()) == 1


def test_an_address_that_is_not_taken_is_tried_again_later(sandbox: SandboxClient) -> None:
    connection = make_number(make_sender(), sandbox)
    Connection.objects.filter(pk=connection.pk).update(webhook_set_at=None, webhook_tried_at=None, token="errado")
    now = clock.now()
    assert webhook_setup.set_due(now=now) == 0
    Connection.objects.filter(pk=connection.pk).update(token=connection.token)
    assert webhook_setup.set_due(now=now + webhook_setup.RETRY / 2) == 0
    assert webhook_setup.set_due(now=now + webhook_setup.RETRY * 2) == 1


def test_a_gateway_elsewhere_is_not_told_the_address_of_this_machine(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def take(config: GatewayConfig, *, url: str) -> bool:
        told.append(url)
        return True

    monkeypatch.setattr(calls, "set_webhook", take)
    connection = make_connection(make_sender())
    Connection.objects.filter(pk=connection.pk).update(base_url="https://host.megaapi.com.br", webhook_digest="d")
    assert webhook_setup.set_due(now=clock.now()) == 0
    settings.PUBLIC_URL = "https://app.example.com"
    assert webhook_setup.set_due(now=clock.now() + webhook_setup.RETRY * 2) == 1
    assert told == ["https://app.example.com/webhooks/whatsapp//"]


def test_numbers_that_are_not_connected_or_removed_are_left_alone(
    sandbox: SandboxClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    connection = make_number(make_sender(), sandbox)
    Connection.objects.filter(pk=connection.pk).update(webhook_set_at=None, webhook_tried_at=None, state="disconnected")
    other = make_number(make_sender(), sandbox)
    Connection.objects.filter(pk=other.pk).update(webhook_set_at=None, webhook_tried_at=None, archived_at=clock.now())
    now = clock.now()
    with django_assert_num_queries(1):
        assert webhook_setup.set_due(now=now) == 0
