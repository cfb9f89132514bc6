"""Mega API's webhook bodies: flat payloads without an envelope, told apart by what they hold rather than by a closed list.

Source: the vendor's webhook.php and README, and payloads that public clients captured; tests/fixtures/megaapi/events holds
each shape. Since 2025 a chat may be named by a LID instead of a phone, and then the phone stands elsewhere, or nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from campaigns.domain.states import ReceiptStatus
from campaigns.gateways.events import Ack, ConnectionChanged, Echo, Event, Ignored, Incoming
from leads_infinitos.kernel import phone

# Baileys' scale: 0 error, 1 pending, 2 server, 3 delivered, 4 read, 5 played. Names are those of its enum.
STATUSES: dict[str, ReceiptStatus] = {
    "0": ReceiptStatus.FAILED,
    "2": ReceiptStatus.SERVER,
    "3": ReceiptStatus.DELIVERED,
    "4": ReceiptStatus.READ,
    "5": ReceiptStatus.READ,
    "ERROR": ReceiptStatus.FAILED,
    "SERVER_ACK": ReceiptStatus.SERVER,
    "DELIVERY_ACK": ReceiptStatus.DELIVERED,
    "READ": ReceiptStatus.READ,
    "PLAYED": ReceiptStatus.READ,
}
PENDING = ("1", "PENDING")  # still inside the gateway: says nothing
CONNECTION_TYPES = ("connection_update", "connection.update")
SESSION_WORDS = ("connected", "authenticated")
# Children of `message` that carry another message, or nothing that a person wrote.
WRAPPERS = (
    "ephemeralMessage",
    "viewOnceMessage",
    "viewOnceMessageV2",
    "documentWithCaptionMessage",
    "deviceSentMessage",
    "editedMessage",
)
NO_CONTENT = frozenset({"messageContextInfo", "senderKeyDistributionMessage"})
TEXT_FIELDS = ("text", "caption", "selectedDisplayText")
MOST_ID, MOST_TEXT, MOST_NAME = 80, 5000, 200
OUTER = ("instance_key", "instance", "jid", "event", "messageType", "isGroup")  # what an envelope says of each part


def instance_key_of(body: Mapping[str, Any]) -> str:
    """The instance that the body says it is about; empty when it names none."""
    for holder in (body, _branch(body, "data")):
        for name in ("instance_key", "instance"):
            if isinstance(value := holder.get(name), str) and value:
                return value
    return ""


def unwrap(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The flat payloads of a body: itself, as far as was ever confirmed; some clients also handle `{event, data: {…}}` and
    `{messages: […]}`.
    """
    for name in ("data", "messages"):
        inner = body.get(name)
        if isinstance(inner, dict):
            inner = [inner]
        if isinstance(inner, list) and "key" not in body:
            outer = {key: body[key] for key in OUTER if key in body}
            return [flat for part in inner if isinstance(part, dict) for flat in unwrap({**outer, **part})]
    return [dict(body)]


def read_events(body: Mapping[str, Any]) -> list[Event]:
    """Everything that a body tells."""
    return [read_event(payload) for payload in unwrap(body)]


def read_event(payload: Mapping[str, Any]) -> Event:
    """What one flat payload tells. Whatever it holds, this answers; shapes that nobody knows are `Ignored`."""
    kind = str(payload.get("messageType") or payload.get("event") or "").lower()
    key = _branch(payload, "key")
    if kind in CONNECTION_TYPES or (not key and _is_session(payload)):
        return ConnectionChanged()
    remote = _string(key.get("remoteJid"))
    if elsewhere := _not_a_person(payload, remote):
        return Ignored(elsewhere)
    message_id = _string(key.get("id"))[:MOST_ID]
    if not message_id:
        return Ignored("no_id" if key else "unknown_type")
    if kind == "message.ack" or "status" in _branch(payload, "update"):
        return _ack(payload, key, message_id)
    return _message(payload, key, message_id)


def _ack(payload: Mapping[str, Any], key: Mapping[str, Any], message_id: str) -> Event:
    if not _is_from_us(key, default=True):  # the vendor's own code looks at no other
        return Ignored("ack_of_theirs")
    word = _string(_branch(payload, "update").get("status")).strip().upper()
    if word in PENDING:
        return Ignored("pending")
    status = STATUSES.get(word)
    return Ack(message_id, status, _recipients(payload, key)) if status else Ignored("unknown_status")


def _message(payload: Mapping[str, Any], key: Mapping[str, Any], message_id: str) -> Event:
    content = _content(_branch(payload, "message"))
    if not content:
        return Ignored("no_content")
    text = _text(content)
    if "reactionMessage" in content and not text:
        return Ignored("reaction_removed")
    if _is_from_us(key, default=False):
        return Echo(message_id, _recipients(payload, key), text)
    lid = next(
        (jid for jid in (_string(key.get("remoteJid")), _string(key.get("senderLid"))) if jid.endswith("@lid")), ""
    )
    return Incoming(
        message_id=message_id,
        phone=next(_phones(key.get("senderPn"), *_other_phones(payload, key)), None),
        lid=lid.partition("@")[0],
        text=text,
        name=_string(payload.get("pushName"))[:MOST_NAME],
        quoted_id=_quoted_id(content),
    )


def _is_session(payload: Mapping[str, Any]) -> bool:
    return "connection_state" in payload or _string(payload.get("status")).lower() in SESSION_WORDS


def _not_a_person(payload: Mapping[str, Any], remote: str) -> str:
    """Groups, status posts and channels are no conversations of a campaign."""
    if remote.endswith("@g.us") or payload.get("isGroup") is True:
        return "group"
    if remote.endswith("@broadcast") or payload.get("broadcast") is True:
        return "status"
    return "newsletter" if remote.endswith("@newsletter") else ""


def _is_from_us(key: Mapping[str, Any], *, default: bool) -> bool:
    value = key.get("fromMe", default)
    return value.lower() == "true" if isinstance(value, str) else bool(value)


def _other_phones(payload: Mapping[str, Any], key: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return payload.get("remoteJidFone"), key.get("remoteJidAlt"), key.get("remoteJid")


def _recipients(payload: Mapping[str, Any], key: Mapping[str, Any]) -> tuple[str, ...]:
    """Whom a message of ours went to. Beside a LID, `senderPn` may be the sender's own number, which is never meant."""
    own = set(_phones(payload.get("jid")))
    found = _phones(key.get("remoteJid"), payload.get("remoteJidFone"), key.get("remoteJidAlt"), key.get("senderPn"))
    return tuple(dict.fromkeys(number for number in found if number not in own))


def _phones(*identifiers: Any) -> Iterator[str]:
    """Those of the ids that stand for a phone, ninth digit included."""
    for identifier in identifiers:
        if number := phone.national_key(_string(identifier)):
            yield number


def _content(message: Mapping[str, Any]) -> dict[str, Any]:
    """The children of a message that a person wrote, out of their wrappings; empty when there are none."""
    for _ in range(len(WRAPPERS)):
        inner: Mapping[str, Any] = next((_branch(message, name, "message") for name in WRAPPERS if name in message), {})
        inner = inner or _branch(message, "protocolMessage", "editedMessage")
        if not inner:
            break
        message = inner
    return {
        name: value for name, value in message.items() if name not in NO_CONTENT and name != "protocolMessage" and value
    }


def _text(content: Mapping[str, Any]) -> str:
    """The first text of the content; empty for a voice message, a sticker, a place."""
    texts = [_string(content.get("conversation"))]
    for name in content:
        texts += [_string(_branch(content, name).get(field)) for field in TEXT_FIELDS]
        texts.append(_string(_branch(content, name, "body").get("text")))
    texts.append(_string(_branch(content, "listResponseMessage").get("title")))  # elsewhere a title is a file's name
    return next((text for text in texts if text.strip()), "")[:MOST_TEXT]


def _quoted_id(content: Mapping[str, Any]) -> str:
    for name in content:
        if stanza := _string(_branch(content, name, "contextInfo").get("stanzaId")):
            return stanza[:MOST_ID]
        if reacted := _string(_branch(content, name, "key").get("id")):  # a reaction names its message this way
            return reacted[:MOST_ID]
    return ""


def _branch(value: Any, *path: str) -> Mapping[str, Any]:
    """The object at the end of the path; an empty one where there is none."""
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _string(value: Any) -> str:
    """Texts and whole numbers as text; everything else as nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)
