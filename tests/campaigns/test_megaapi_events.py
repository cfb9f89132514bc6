"""Every shape of a Mega API webhook body, and that no other can break the reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.states import ReceiptStatus
from campaigns.gateways.events import Ack, ConnectionChanged, Echo, Event, Ignored, Incoming
from campaigns.gateways.megaapi_events import instance_key_of, read_events

FOLDER = Path(__file__).parent.parent / "fixtures" / "megaapi" / "events"
THEM = "+5561999990002"  # the id lacks the ninth digit
SENT_ID = "3EB0C431C26A1916E07A"
THEIR_ID = "23DECC1FEB57D4A269C9C24D8C69E744"
LID = "123456789012345"


def said(text: str, **more: Any) -> Incoming:
    return Incoming(**{"message_id": THEIR_ID, "phone": THEM, "text": text, "name": "Maria", **more})


def ack(status: ReceiptStatus, message_id: str = SENT_ID, phones: tuple[str, ...] = (THEM,)) -> Ack:
    return Ack(message_id, status, phones)


TABLE: dict[str, list[Event]] = {
    "incoming_conversation": [said("Tenho interesse")],
    "incoming_extended_text": [said("Quanto custa?", quoted_id=SENT_ID)],
    "incoming_extended_text_as_conversation": [said("Oi")],
    "incoming_image": [said("Essa aqui")],
    "incoming_audio": [said("")],
    "incoming_document": [said("")],
    "incoming_document_with_caption": [said("Segue o pedido")],
    "incoming_buttons_response": [said("Sair")],
    "incoming_list_response": [said("Quero saber mais")],
    "incoming_template_reply": [said("Parar")],
    "incoming_context_info_first": [said("")],
    "incoming_ephemeral": [said("Some em 24 h")],
    "incoming_edited": [said("SAIR")],
    "incoming_reaction": [said("👍", quoted_id=SENT_ID)],
    "incoming_reaction_removed": [Ignored("reaction_removed")],
    "incoming_revoked": [Ignored("no_content")],
    "incoming_sticker": [said("")],
    "incoming_lid_with_sender_pn": [said("Oi", lid=LID)],
    "incoming_lid_with_fone": [said("Oi", lid=LID)],
    "incoming_lid_with_alt": [said("Oi", lid=LID)],
    "incoming_lid_alone": [said("Oi", lid=LID, phone=None)],
    "incoming_device_suffix": [said("Oi")],
    "incoming_group": [Ignored("group")],
    "incoming_status": [Ignored("status")],
    "incoming_newsletter": [Ignored("newsletter")],
    "incoming_without_content": [Ignored("no_content")],
    "incoming_enveloped": [said("Oi", message_id="A1")],
    "incoming_many": [said("Oi", message_id="A1", name=""), said("SAIR", message_id="A2", name="")],
    "echo_api": [Echo(SENT_ID, (THEM,), "Olá, *Maria*!\nTudo bem?")],
    "echo_typed_on_the_phone": [Echo("AB12", (THEM,), "Oi, aqui é da loja")],
    "echo_lid": [Echo("AB12", (), "Olá")],
    "ack_server": [ack(ReceiptStatus.SERVER)],
    "ack_delivered": [ack(ReceiptStatus.DELIVERED)],
    "ack_read": [ack(ReceiptStatus.READ)],
    "ack_played": [ack(ReceiptStatus.READ)],
    "ack_error": [ack(ReceiptStatus.FAILED)],
    "ack_pending": [Ignored("pending")],
    "ack_numeric_string": [ack(ReceiptStatus.DELIVERED)],
    "ack_named": [ack(ReceiptStatus.DELIVERED)],
    "ack_strange_status": [Ignored("unknown_status")],
    "ack_lid": [ack(ReceiptStatus.DELIVERED, phones=())],
    "ack_lid_with_alt": [ack(ReceiptStatus.DELIVERED)],
    "ack_without_from_me": [ack(ReceiptStatus.SERVER)],
    "ack_of_theirs": [Ignored("ack_of_theirs")],
    "ack_group": [Ignored("group")],
    "ack_without_id": [Ignored("no_id")],
    "ack_enveloped": [ack(ReceiptStatus.DELIVERED, "A1"), ack(ReceiptStatus.READ, "A2")],
    "connection_open": [ConnectionChanged()],
    "connection_close": [ConnectionChanged()],
    "connection_disconnected": [ConnectionChanged()],
    "connection_status_word": [ConnectionChanged()],
    "qrcode": [Ignored("unknown_type")],
    "empty": [Ignored("unknown_type")],
}


def load(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return body


def test_the_table_holds_every_example() -> None:
    assert set(TABLE) == {path.stem for path in FOLDER.glob("*.json")}


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_example_reads_as_the_table_says(name: str) -> None:
    assert read_events(load(name)) == TABLE[name]


@pytest.mark.parametrize("name", ["incoming_conversation", "incoming_enveloped", "incoming_many", "connection_close"])
def test_the_instance_is_found_in_every_wrapping(name: str) -> None:
    assert instance_key_of(load(name)) == "megastart-EXAMPLE"


def test_the_instance_is_found_inside_the_data() -> None:
    assert instance_key_of({"data": {"instance_key": "loja"}}) == "loja"
    assert instance_key_of({"instance": {"key": "loja"}}) == ""


WORDS = """
key message data messages id remoteJid fromMe update status messageType event jid isGroup broadcast conversation text
extendedTextMessage caption contextInfo stanzaId protocolMessage editedMessage ephemeralMessage senderPn reactionMessage
pushName instance connection_state
"""
NAMES = st.sampled_from(WORDS.split())
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["message.ack", "5511987654321@s.whatsapp.net", "1@lid", "1@g.us", "3", "connection_update"]),
)
VALUES = st.recursive(LEAVES, lambda part: st.lists(part, max_size=3) | st.dictionaries(NAMES, part, max_size=5))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_no_body_whatever_breaks_the_reader(body: dict[str, Any]) -> None:
    for event in read_events(body):
        assert isinstance(event, Ack | Echo | Incoming | ConnectionChanged | Ignored)
        assert len(getattr(event, "message_id", "")) <= 80
    instance_key_of(body)
