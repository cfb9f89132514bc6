from __future__ import annotations

import http.client
import re
import time

import pytest

from leads_infinitos.sandbox.client import SandboxClient
from tests.sandbox.wire import MARIA, Mega


def test_a_text_is_accepted_logged_and_answered_with_its_id(sandbox: SandboxClient, mega: Mega) -> None:
    before = time.time()
    reply = mega.text('Olá, *Maria*!\nTudo "bem"? \\ 🙂', to=f"{MARIA}@s.whatsapp.net")
    assert reply.status == 200
    body = reply.json()
    key = body["messageData"]["key"]
    assert (body["error"], body["message"]) == (False, "Message sent")
    assert (key["remoteJid"], key["fromMe"]) == (f"{MARIA}@s.whatsapp.net", True)
    assert re.fullmatch(r"3EB0[0-9A-F]{16}", key["id"])
    assert body["messageData"]["message"]["extendedTextMessage"]["text"] == 'Olá, *Maria*!\nTudo "bem"? \\ 🙂'
    (line,) = sandbox.accepted()
    assert (line.n, line.provider, line.instance, line.to, line.id, line.kind) == (
        1,
        "mega",
        "loja",
        MARIA,
        key["id"],
        "text",
    )
    assert line.text == 'Olá, *Maria*!\nTudo "bem"? \\ 🙂'
    assert before - 1 <= line.wall <= time.time() + 1


def test_the_log_keeps_the_order_and_can_be_read_from_a_point_on(sandbox: SandboxClient, mega: Mega) -> None:
    for n in range(1, 6):
        mega.text(f"nº {n}")
    assert [(line.n, line.text) for line in sandbox.accepted()] == [(n, f"nº {n}") for n in range(1, 6)]
    assert [line.n for line in sandbox.accepted(after=3)] == [4, 5]
    assert len({line.id for line in sandbox.accepted()}) == 5


def test_both_spellings_of_a_number_are_one_person_in_the_log(sandbox: SandboxClient, mega: Mega) -> None:
    for to in ("5531987654321", "553187654321@c.us"):
        assert mega.text(to=to).json()["messageData"]["key"]["remoteJid"] == "553187654321@s.whatsapp.net"
    assert [line.to for line in sandbox.accepted()] == ["5531987654321", "553187654321"]
    assert {line.phone for line in sandbox.accepted()} == {"5531987654321"}


@pytest.mark.parametrize("to", ["120363025912345678@g.us", "123456789012345@lid"])
def test_a_group_and_a_lid_are_taken_as_they_are(mega: Mega, to: str) -> None:
    assert mega.text(to=to).json()["messageData"]["key"]["remoteJid"] == to


@pytest.mark.parametrize(
    "body",
    [
        {"to": MARIA, "text": "sem messageData"},
        {"messageData": {"to": MARIA, "text": ""}},
        {"messageData": {"to": MARIA}},
        {"messageData": {"to": "", "text": "x"}},
        {"messageData": {"to": "maria@s.whatsapp.net", "text": "x"}},
        {"messageData": {"to": 5511987654321, "text": "x"}},
        {"messageData": None},
        {"messageData": ["x"]},
        ["x"],
        b"{",
        b"",
    ],
)
def test_a_malformed_send_is_a_400_and_sends_nothing(sandbox: SandboxClient, mega: Mega, body: object) -> None:
    reply = mega.post("/sendMessage/{k}/text", body)
    assert (reply.status, reply.json()["name"]) == (400, "BAD_REQUEST")
    assert sandbox.accepted() == []


@pytest.mark.parametrize(
    ("path", "data", "kind", "text", "part"),
    [
        (
            "mediaUrl",
            {"url": "https://x.example/a.jpg", "fileName": "a.jpg", "type": "image", "caption": "Oferta"},
            "image",
            "Oferta",
            "imageMessage",
        ),
        (
            "mediaBase64",
            {"base64": "JVBERi0=", "fileName": "a.pdf", "type": "document", "caption": ""},
            "document",
            "",
            "documentMessage",
        ),
        (
            "sendLinkPreview",
            {"textWithLink": "Veja https://x.example/o"},
            "text",
            "Veja https://x.example/o",
            "extendedTextMessage",
        ),
    ],
)
def test_media_and_links_are_logged_with_their_kind(
    sandbox: SandboxClient, mega: Mega, path: str, data: dict[str, object], kind: str, text: str, part: str
) -> None:
    reply = mega.post(f"/sendMessage/{{k}}/{path}", {"messageData": {"to": MARIA, **data}})
    assert list(reply.json()["messageData"]["message"]) == [part]
    assert [(line.kind, line.text) for line in sandbox.accepted()] == [(kind, text)]


def test_presence_is_a_flat_body(mega: Mega) -> None:
    assert mega.post("/chat/{k}/presenceUpdateChat", {"to": MARIA, "option": "composing"}).status == 200
    assert mega.post("/chat/{k}/presenceUpdateChat", {"to": MARIA, "option": "dançando"}).status == 400


FAULTS_WITH_AN_ANSWER = [
    ("error_true", 200, "application/json", '"error": true', 0),
    ("bad_gateway", 502, "text/plain", "error code: 502", 0),
    ("gateway_timeout", 504, "text/plain", "error code: 504", 1),
    ("html_404", 404, "text/html", "Cannot POST", 0),
    ("empty_200", 200, "", "", 1),
    ("partial_200", 200, "application/json", "Message sent", 1),
    ("disconnected", 403, "application/json", "Instance not logged in", 0),
    ("rate_limited", 429, "application/json", "Too many requests", 0),
    ("not_registered", 403, "application/json", "Number not registered on WhatsApp", 0),
]
MAGIC = {
    "error_true": "0200",
    "bad_gateway": "0502",
    "gateway_timeout": "0504",
    "html_404": "0444",
    "empty_200": "0204",
    "partial_200": "0206",
    "disconnected": "0403",
    "rate_limited": "0429",
    "not_registered": "0404",
}


@pytest.mark.parametrize(("fault", "status", "kind", "text", "accepted"), FAULTS_WITH_AN_ANSWER)
def test_a_fault_of_the_instance_answers_so(
    sandbox: SandboxClient, mega: Mega, fault: str, status: int, kind: str, text: str, accepted: int
) -> None:
    sandbox.set_faults("loja", fault=fault, times=1, retry_after_s=7)
    reply = mega.text()
    assert (reply.status, len(sandbox.accepted())) == (status, accepted)
    assert reply.headers.get("content-type", "").startswith(kind)
    assert text in reply.text
    assert "messageData" not in reply.text
    assert reply.headers.get("retry-after") == ("7" if fault == "rate_limited" else None)
    assert mega.text().json()["messageData"]["key"]["id"], "the fault was for one send"


@pytest.mark.parametrize(("fault", "status", "kind", "text", "accepted"), FAULTS_WITH_AN_ANSWER)
def test_a_magic_number_meets_the_same_fault(
    sandbox: SandboxClient, mega: Mega, fault: str, status: int, kind: str, text: str, accepted: int
) -> None:
    reply = mega.text(to=f"551198999{MAGIC[fault]}")
    assert (reply.status, len(sandbox.accepted())) == (status, accepted)
    assert text in reply.text


@pytest.mark.parametrize(
    ("fault", "code", "accepted"), [("drop_after_accept", "0499", 1), ("drop_before_accept", "0498", 0)]
)
def test_a_dropped_connection_tells_nothing(
    sandbox: SandboxClient, mega: Mega, fault: str, code: str, accepted: int
) -> None:
    with pytest.raises(http.client.RemoteDisconnected):
        mega.text(to=f"551198999{code}")
    sandbox.set_faults("loja", fault=fault)
    with pytest.raises(http.client.RemoteDisconnected):
        mega.text()
    assert len(sandbox.accepted()) == 2 * accepted


@pytest.mark.parametrize(
    ("fault", "code", "accepted"), [("hang_after_accept", "0408", 1), ("hang_before_accept", "0418", 0)]
)
def test_a_hanging_send_is_silent_longer_than_its_client_waits(
    sandbox: SandboxClient, mega: Mega, fault: str, code: str, accepted: int
) -> None:
    with pytest.raises(TimeoutError):
        mega.text(to=f"551198999{code}", timeout_s=0.2)
    sandbox.set_faults("loja", fault=fault)
    with pytest.raises(TimeoutError):
        mega.text(timeout_s=0.2)
    assert len(sandbox.accepted()) == 2 * accepted
    sandbox.set_faults("loja")
    assert mega.text().status == 200, "one hanging send holds up no other"


def test_a_hang_ends_by_dropping_the_connection(sandbox: SandboxClient, mega: Mega) -> None:
    sandbox.set_faults("loja", fault="hang_after_accept", hang_s=0)
    with pytest.raises(http.client.RemoteDisconnected):
        mega.text()


def test_latency_delays_the_answer_after_the_message_was_taken(sandbox: SandboxClient, mega: Mega) -> None:
    sandbox.set_faults("loja", latency_ms=100)
    asked = time.time()
    assert mega.text().status == 200
    assert time.time() - asked >= 0.1
    assert sandbox.accepted()[0].wall - asked < 0.1


def test_a_fault_can_meet_each_third_send(sandbox: SandboxClient, mega: Mega) -> None:
    sandbox.set_faults("loja", fault="bad_gateway", every=3)
    assert [mega.text().status for _ in range(7)] == [200, 200, 502, 200, 200, 502, 200]


def test_a_fault_can_meet_the_check_and_the_status_instead(sandbox: SandboxClient, mega: Mega) -> None:
    sandbox.set_faults("loja", fault="bad_gateway", calls=["check", "status"])
    assert (mega.check(MARIA).status, mega.get("/instance/{k}").status, mega.text().status) == (502, 502, 200)


def test_a_fault_of_one_instance_leaves_the_others_alone(sandbox: SandboxClient, mega: Mega) -> None:
    sandbox.set_faults("megasandbox-1", fault="bad_gateway")
    assert mega.text().status == 200
    sandbox.set_faults(fault="bad_gateway")
    assert mega.text().status == 502


def test_a_disconnected_instance_refuses_sends_until_it_is_connected(sandbox: SandboxClient, mega: Mega) -> None:
    sandbox.add_instance("loja", status="disconnected")
    assert (mega.text().status, mega.text().json()["message"]) == (403, "Instance not logged in")
    sandbox.add_instance("loja", status="connected")
    assert mega.text().status == 200
    assert len(sandbox.accepted()) == 1


def test_counters_tell_sends_apart_from_accepted_ones(sandbox: SandboxClient, mega: Mega) -> None:
    mega.text()
    mega.text(to="5511989990502")
    mega.check(MARIA)
    state = sandbox.instance_state("loja")
    assert (state["sends"], state["accepted"], state["checks"]) == (2, 1, 1)
