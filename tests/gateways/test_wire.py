"""The wire against the sandbox's faults over real HTTP: what is proved, what is in doubt, and that nothing is repeated."""

from __future__ import annotations

import queue
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from campaigns.gateways.base import GatewayConfig, OutcomeClass
from campaigns.gateways.wire import Send, Sent, boottime, wire
from leads_infinitos.sandbox.client import MegaInstance, SandboxClient
from leads_infinitos.sandbox.running import running_sandbox

PHONE = "5511970000001"
OLD = "5561999990002"  # known to WhatsApp without its ninth digit
NOWHERE = "5511989990404"
SHORT_S = 0.4


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client


@pytest.fixture
def instance(sandbox: SandboxClient) -> MegaInstance:
    return sandbox.add_instance()


def config_of(instance: MegaInstance, **change: str) -> GatewayConfig:
    fields = {"base_url": instance.host, "instance_key": instance.key, "token": instance.token, **change}
    return GatewayConfig("megaapi", **fields)


def deliver(config: GatewayConfig, **fields: Any) -> Sent:
    send = {
        "wa_id": PHONE,
        "candidates": (PHONE,),
        "body": "Oi",
        "start_by": boottime() + 10,
        "timeout_s": 10.0,
        **fields,
    }
    answers: queue.SimpleQueue[Sent] = queue.SimpleQueue()
    wire().submit(Send(ref="ref", config=config, **send), answers.put)
    return answers.get(timeout=15)


def accepted_by(sandbox: SandboxClient, instance: MegaInstance) -> int:
    return int(sandbox.instance_state(instance.key)["accepted"])


def test_an_accepted_text_has_the_id_of_the_gateways_log(sandbox: SandboxClient, instance: MegaInstance) -> None:
    sent = deliver(config_of(instance))
    assert sent.outcome.outcome is OutcomeClass.ACCEPTED
    assert sent.outcome.message_id == sandbox.accepted()[-1].id
    assert sent.started <= sent.answered


@pytest.mark.parametrize(
    ("fault", "outcome", "code", "accepted"),
    [
        ("error_true", OutcomeClass.UNKNOWN, "doubtful_text", 0),
        ("bad_gateway", OutcomeClass.UNKNOWN, "unexpected_answer", 0),
        ("gateway_timeout", OutcomeClass.UNKNOWN, "unexpected_answer", 1),
        ("html_404", OutcomeClass.UNKNOWN, "unexpected_answer", 0),
        ("hang_after_accept", OutcomeClass.UNKNOWN, "timeout", 1),
        ("hang_before_accept", OutcomeClass.UNKNOWN, "timeout", 0),
        ("empty_200", OutcomeClass.UNKNOWN, "unexpected_answer", 1),
        ("partial_200", OutcomeClass.UNKNOWN, "no_id", 1),
        ("drop_after_accept", OutcomeClass.UNKNOWN, "connection_lost", 1),
        ("drop_before_accept", OutcomeClass.UNKNOWN, "connection_lost", 0),
        ("disconnected", OutcomeClass.REFUSED_LANE, "disconnected", 0),
        ("rate_limited", OutcomeClass.REFUSED_LANE, "rate_limited", 0),
        ("not_registered", OutcomeClass.REFUSED_NUMBER, "not_on_whatsapp", 0),
    ],
)
def test_each_fault_of_the_gateway_is_one_outcome_and_no_second_post(
    sandbox: SandboxClient, instance: MegaInstance, fault: str, outcome: OutcomeClass, code: str, accepted: int
) -> None:
    sandbox.set_faults(instance.key, fault=fault, times=1, retry_after_s=7)
    sent = deliver(config_of(instance), timeout_s=SHORT_S if "hang" in fault else 10.0)

    assert (sent.outcome.outcome, sent.outcome.code) == (outcome, code)
    state = sandbox.instance_state(instance.key)
    assert (state["sends"], state["accepted"]) == (1, accepted)
    assert sent.outcome.retry_after_s == (7 if fault == "rate_limited" else None)


def test_a_refused_connection_proves_that_nothing_was_sent(instance: MegaInstance) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    sent = deliver(config_of(instance, base_url=f"http://127.0.0.1:{port}"))
    assert (sent.outcome.outcome, sent.outcome.code) == (OutcomeClass.NOT_SENT, "not_connected")


def test_a_connection_that_is_not_there_in_time_proves_that_nothing_was_sent(instance: MegaInstance) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as server:
        port = server.getsockname()[1]
        waiting = [
            socket.create_connection(("127.0.0.1", port)) for _ in range(2)
        ]  # the queue is full: no answer to a SYN
        sent = deliver(config_of(instance, base_url=f"http://127.0.0.1:{port}"), timeout_s=1.0)
        for one in waiting:
            one.close()
    assert (sent.outcome.outcome, sent.outcome.code) == (OutcomeClass.NOT_SENT, "not_connected")


def test_a_server_that_accepts_and_says_nothing_is_in_doubt(instance: MegaInstance) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        sent = deliver(config_of(instance, base_url=f"http://127.0.0.1:{server.getsockname()[1]}"), timeout_s=SHORT_S)
    assert (sent.outcome.outcome, sent.outcome.code) == (OutcomeClass.UNKNOWN, "timeout")


def test_a_redirect_is_not_followed(sandbox: SandboxClient, instance: MegaInstance) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        answers: queue.SimpleQueue[Sent] = queue.SimpleQueue()
        send = Send(
            "ref", config_of(instance, base_url=f"http://127.0.0.1:{port}"), PHONE, (), "Oi", boottime() + 10, 5.0
        )
        wire().submit(send, answers.put)
        peer, _ = server.accept()
        peer.recv(65536)
        target = f"{sandbox.mega_url}/rest/sendMessage/{instance.key}/text"
        peer.sendall(f"HTTP/1.1 307 X\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode())
        sent = answers.get(timeout=10)
        peer.close()
    assert sent.outcome.outcome is OutcomeClass.UNKNOWN
    assert accepted_by(sandbox, instance) == 0


def test_a_wrong_token_and_an_unknown_key_refuse_the_number_of_the_sender(instance: MegaInstance) -> None:
    assert deliver(config_of(instance, token="wrong")).outcome.code == "auth"
    assert deliver(config_of(instance, instance_key="nobody")).outcome.code == "instance_missing"


def test_a_send_does_not_start_after_its_budget(sandbox: SandboxClient, instance: MegaInstance) -> None:
    sent = deliver(config_of(instance), start_by=boottime() - 0.001)
    assert (sent.outcome.outcome, sent.outcome.code) == (OutcomeClass.NOT_SENT, "not_started")
    assert sandbox.instance_state(instance.key)["sends"] == 0


def test_an_unknown_id_is_asked_for_and_the_message_goes_to_what_whatsapp_knows(
    sandbox: SandboxClient, instance: MegaInstance
) -> None:
    sent = deliver(config_of(instance), wa_id="", candidates=(OLD,))
    assert (sent.wa_id, sent.checked) == ("556199990002", True)
    assert sandbox.accepted()[-1].to == "556199990002"


def test_the_second_spelling_is_tried_and_no_third(sandbox: SandboxClient, instance: MegaInstance) -> None:
    sent = deliver(config_of(instance), wa_id="", candidates=(NOWHERE, PHONE))
    assert (sent.outcome.outcome, sent.wa_id) == (OutcomeClass.ACCEPTED, PHONE)
    sent = deliver(config_of(instance), wa_id="", candidates=(NOWHERE, NOWHERE, PHONE))
    assert (sent.outcome.outcome, sent.outcome.code) == (OutcomeClass.REFUSED_NUMBER, "not_on_whatsapp")
    assert sandbox.instance_state(instance.key)["checks"] == 4


@pytest.mark.parametrize(
    ("fault", "outcome", "code"),
    [
        ("hang_before_accept", OutcomeClass.NOT_SENT, "check_timeout"),
        ("drop_before_accept", OutcomeClass.NOT_SENT, "check_connection_lost"),
        ("bad_gateway", OutcomeClass.NOT_SENT, "check_failed"),
        ("html_404", OutcomeClass.NOT_SENT, "check_failed"),
        ("error_true", OutcomeClass.NOT_SENT, "check_failed"),
        ("disconnected", OutcomeClass.REFUSED_LANE, "disconnected"),
        ("rate_limited", OutcomeClass.REFUSED_LANE, "rate_limited"),
        ("empty_200", OutcomeClass.REFUSED_NUMBER, "not_on_whatsapp"),
    ],
)
def test_a_check_that_fails_is_never_in_doubt_for_nothing_was_posted(
    sandbox: SandboxClient, instance: MegaInstance, fault: str, outcome: OutcomeClass, code: str
) -> None:
    sandbox.set_faults(instance.key, fault=fault, calls=["check"])
    sent = deliver(config_of(instance), wa_id="", timeout_s=SHORT_S if "hang" in fault else 10.0)
    assert (sent.outcome.outcome, sent.outcome.code) == (outcome, code)
    assert sandbox.instance_state(instance.key)["sends"] == 0


def test_a_slow_check_leaves_no_time_to_send(sandbox: SandboxClient, instance: MegaInstance) -> None:
    sandbox.set_faults(instance.key, fault="hang_before_accept", calls=["check"])
    sent = deliver(config_of(instance), wa_id="", start_by=boottime() + 0.3)
    assert sent.outcome.outcome is OutcomeClass.NOT_SENT
    assert sandbox.instance_state(instance.key)["sends"] == 0


def test_a_slow_call_delays_no_other(sandbox: SandboxClient, instance: MegaInstance) -> None:
    sandbox.set_faults(instance.key, fault="hang_before_accept", times=1, hang_s=2)
    answers: queue.SimpleQueue[Sent] = queue.SimpleQueue()
    for ref in ("slow", "quick"):
        send = Send(ref, config_of(instance), PHONE, (), "Oi", boottime() + 10, 10.0)
        wire().submit(send, answers.put)
        if ref == "slow":
            while sandbox.instance_state(instance.key)["sends"] == 0:
                pass
    assert answers.get(timeout=10).ref == "quick"
    assert answers.get(timeout=10).ref == "slow"


def test_whatever_breaks_on_our_side_is_in_doubt_and_still_answered(instance: MegaInstance) -> None:
    sent = deliver(config_of(instance, token="line\nbreak"))
    assert (sent.outcome.outcome, sent.outcome.code) == (OutcomeClass.UNKNOWN, "wire_error")
