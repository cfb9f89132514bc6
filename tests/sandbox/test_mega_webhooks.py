from __future__ import annotations

import pytest

from leads_infinitos.sandbox.client import SandboxClient, SandboxError
from tests.sandbox.wire import MARIA, Mega, Receiver


@pytest.fixture
def hooked(sandbox: SandboxClient, mega: Mega, receiver: Receiver) -> Mega:
    sandbox.add_instance("loja", webhook_url=receiver.url, ack_delay_ms=1)
    return mega


def test_acks_follow_a_send_in_order_with_its_id(hooked: Mega, receiver: Receiver) -> None:
    message_id = hooked.text().json()["messageData"]["key"]["id"]
    sent, delivered = receiver.next(), receiver.next()
    assert sent.path == "/hooks/mega/abc"
    assert sent.headers["user-agent"] == "axios/1.7.7"
    assert sent.headers["content-type"] == "application/json"
    assert sent.body == {
        "instance_key": "loja",
        "jid": "5511900000077@s.whatsapp.net",
        "messageType": "message.ack",
        "key": {"remoteJid": f"{MARIA}@s.whatsapp.net", "fromMe": True, "id": message_id},
        "update": {"status": 2},
    }
    assert delivered.body["update"] == {"status": 3}


def test_acks_can_be_swapped_repeated_and_read(sandbox: SandboxClient, hooked: Mega, receiver: Receiver) -> None:
    sandbox.add_instance("loja", acks=[2, 3, 4], acks_swapped=True, acks_duplicated=True)
    hooked.text()
    assert receiver.statuses(6) == [4, 4, 3, 3, 2, 2]


def test_acks_can_arrive_before_the_answer(sandbox: SandboxClient, hooked: Mega, receiver: Receiver) -> None:
    sandbox.add_instance("loja", acks_before_answer=True)
    hooked.text()
    assert receiver.hooks.qsize() == 2


def test_a_send_whose_answer_is_lost_is_still_acknowledged(
    sandbox: SandboxClient, hooked: Mega, receiver: Receiver
) -> None:
    sandbox.set_faults("loja", fault="hang_after_accept")
    with pytest.raises(TimeoutError):
        hooked.text(timeout_s=0.1)
    assert receiver.next().body["key"]["id"] == sandbox.accepted()[0].id


def test_a_refused_send_is_not_acknowledged(sandbox: SandboxClient, hooked: Mega, receiver: Receiver) -> None:
    sandbox.set_faults("loja", fault="bad_gateway", times=1)
    hooked.text("recusada")
    accepted = hooked.text("aceita").json()["messageData"]["key"]["id"]
    assert receiver.next().body["key"]["id"] == accepted


def test_the_message_itself_can_be_echoed(sandbox: SandboxClient, hooked: Mega, receiver: Receiver) -> None:
    sandbox.add_instance("loja", echo=True, acks=[])
    hooked.text("Olá")
    body = receiver.next().body
    assert body["key"] == {"remoteJid": f"{MARIA}@s.whatsapp.net", "fromMe": True, "id": sandbox.accepted()[0].id}
    assert body["message"]["conversation"] == "Olá"


def test_somebody_answers(sandbox: SandboxClient, hooked: Mega, receiver: Receiver) -> None:
    assert sandbox.incoming(instance="loja", sender="5531987654321", text="SAIR", name="Maria") == 200
    body = receiver.next().body
    assert body["messageType"] == "conversation"
    assert body["jid"] == "5511900000077@s.whatsapp.net", "ours"
    assert body["key"]["remoteJid"] == "553187654321@s.whatsapp.net", "theirs"
    assert body["key"]["fromMe"] is False
    assert (body["pushName"], body["message"]["conversation"]) == ("Maria", "SAIR")


def test_somebody_answers_from_a_hidden_id(sandbox: SandboxClient, hooked: Mega, receiver: Receiver) -> None:
    sandbox.incoming(instance="loja", sender=MARIA, text="Oi", lid="123456789012345")
    key = receiver.next().body["key"]
    assert (key["remoteJid"], key["senderPn"]) == ("123456789012345@lid", f"{MARIA}@s.whatsapp.net")


def test_the_session_closing_and_opening_is_told(sandbox: SandboxClient, hooked: Mega, receiver: Receiver) -> None:
    sandbox.add_instance("loja", status="disconnected", close_reason=440)
    assert receiver.next().body == {
        "instance_key": "loja",
        "messageType": "connection_update",
        "connection_state": "close",
        "closeReason": 440,
    }
    sandbox.add_instance("loja", status="connected")
    assert receiver.next().body["message"] == "phone_connected"


def test_a_webhook_that_fails_is_not_tried_again(sandbox: SandboxClient, hooked: Mega, receiver: Receiver) -> None:
    receiver.status = 500
    sandbox.add_instance("loja", acks=[2], acks_before_answer=True)
    hooked.text()
    assert sandbox.instance_state("loja")["webhook"]["failed"] == 1
    assert receiver.hooks.qsize() == 1


def test_a_webhook_that_nobody_serves_costs_nothing_but_a_count(sandbox: SandboxClient, mega: Mega) -> None:
    sandbox.add_instance("loja", webhook_url="http://127.0.0.1:1/", acks=[2], ack_delay_ms=0, acks_before_answer=True)
    assert mega.text().status == 200
    assert sandbox.instance_state("loja")["webhook"]["failed"] == 1
    with pytest.raises(SandboxError, match="no webhook"):
        sandbox.incoming(instance="megasandbox-1", sender=MARIA, text="Oi")
