"""What a gateway posts to us, for tests: bodies as Mega API writes them, stored and worked on."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from campaigns.models import Connection, GatewayEvent
from campaigns.services import inbound
from campaigns.services.inbound import Run
from tests.campaigns.rows import NOW

_ids = itertools.count(1)
OWN = "5511999990001@s.whatsapp.net"
LID = "123456789012345@lid"
SERVER, DELIVERED, READ, FAILED = 2, 3, 4, 0


def jid(phone: str) -> str:
    return f"{phone.lstrip('+')}@s.whatsapp.net"


def ack(message_id: str, status: int | str = DELIVERED, *, phone: str = "", remote: str = "") -> dict[str, Any]:
    key = {"remoteJid": remote or (jid(phone) if phone else LID), "fromMe": True, "id": message_id}
    return {"jid": OWN, "messageType": "message.ack", "key": key, "update": {"status": status}}


def echo(message_id: str, text: str, *, phone: str = "", remote: str = "") -> dict[str, Any]:
    key = {"remoteJid": remote or jid(phone), "fromMe": True, "id": message_id}
    return {"jid": OWN, "messageType": "conversation", "key": key, "message": {"conversation": text}}


def written(text: str, *, phone: str = "", message_id: str = "", **key: Any) -> dict[str, Any]:
    """Somebody writes to the number."""
    parts = {
        "remoteJid": jid(phone) if phone else LID,
        "fromMe": False,
        "id": message_id or f"THEIRS-{next(_ids)}",
        **key,
    }
    return {"jid": OWN, "messageType": "conversation", "key": parts, "message": {"conversation": text}}


def session() -> dict[str, Any]:
    return {"messageType": "connection_update", "connection_state": "close", "closeReason": 401}


def store(connection: Connection, *bodies: dict[str, Any], at: dt.datetime = NOW) -> None:
    for body in bodies:
        inbound.store(connection=connection, body={"instance_key": connection.instance_key, **body}, now=at)


def post(connection: Connection, *bodies: dict[str, Any], at: dt.datetime = NOW) -> Run:
    """Store these, one after the other, and work on everything that is due."""
    store(connection, *bodies, at=at)
    return inbound.process_due(now=at)


def reasons() -> list[str]:
    """What became of each event, in the order they came."""
    return [f"{row.status} {row.reason}".strip() for row in GatewayEvent.objects.order_by("pk")]
