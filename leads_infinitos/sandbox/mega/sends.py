"""`/rest/sendMessage/...`: what each kind must hold, and the one path that all of them take."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from leads_infinitos.sandbox.accept_log import AcceptLog
from leads_infinitos.sandbox.mega import replies
from leads_infinitos.sandbox.mega.faults import ACCEPTING, Call, Fault
from leads_infinitos.sandbox.mega.instances import Instance
from leads_infinitos.sandbox.mega.numbers import Address, address_of
from leads_infinitos.sandbox.mega.webhooks import Webhooks, new_message_id

MEDIA_KINDS = frozenset({"image", "video", "audio", "ptt", "ptv", "document"})


@dataclass(frozen=True)
class Content:
    """What a send carries: `message` as the answer repeats it, already JSON."""

    kind: str
    text: str
    message: str


def text_content(data: Mapping[str, object]) -> Content | None:
    text = data.get("text")
    if not isinstance(text, str) or not text:
        return None
    return Content("text", text, f'{{"extendedTextMessage": {{"text": {json.dumps(text)}}}}}')


def link_content(data: Mapping[str, object]) -> Content | None:
    return text_content({"text": data.get("textWithLink")})


def media_by_url(data: Mapping[str, object]) -> Content | None:
    return _media(data, source="url")


def media_by_base64(data: Mapping[str, object]) -> Content | None:
    return _media(data, source="base64")


def _media(data: Mapping[str, object], *, source: str) -> Content | None:
    kind, caption = data.get("type"), data.get("caption") or ""
    if kind not in MEDIA_KINDS or not data.get(source) or not isinstance(caption, str):
        return None
    family = {"ptt": "audio", "ptv": "video"}.get(str(kind), str(kind))
    inner = {"caption": caption, "mimetype": data.get("mimeType") or "", "fileName": data.get("fileName") or ""}
    return Content(str(kind), caption, json.dumps({f"{family}Message": inner}))


class Sender:
    """Takes one send from its parsed body to the answer, through the faults that are set."""

    def __init__(self, *, log: AcceptLog, webhooks: Webhooks, stopping: asyncio.Event) -> None:
        self._log = log
        self._webhooks = webhooks
        self._stopping = stopping

    async def send(
        self, request: web.Request, instance: Instance, content_of: Callable[[Mapping[str, object]], Content | None]
    ) -> web.StreamResponse:
        instance.sends += 1
        try:
            data = json.loads(await request.read())["messageData"]
            to, content = data["to"], content_of(data)
        except (ValueError, KeyError, TypeError, AttributeError):
            return replies.bad_request("messageData is required")
        address = address_of(to) if isinstance(to, str) else None
        if address is None or content is None:
            return replies.bad_request("to must name a chat, and the message must not be empty")
        plan = instance.faults
        fault = plan.take(Call.SEND) or address.magic
        latency_ms = plan.latency_ms if Call.SEND in plan.calls else 0
        if fault is not None and fault not in ACCEPTING:
            await self.pause(latency_ms)
            return await self.refuse(request, instance, fault)
        if not instance.connected:
            return replies.not_logged_in()
        if not address.on_whatsapp:
            return replies.not_registered()
        message_id = new_message_id()
        self._accept(instance, address, content, message_id)
        if instance.webhook.active:
            await self._webhooks.after_send(instance, address, message_id=message_id, text=content.text)
        await self.pause(latency_ms)
        if fault is not None:
            return await self.refuse(request, instance, fault)
        return replies.encoded(
            (
                f'{{"error": false, "message": "Message sent", "messageData": {{"key": {{"remoteJid": "{address.jid}", '
                f'"fromMe": true, "id": "{message_id}"}}, "message": {content.message}, '
                f'"messageTimestamp": "{int(time.time())}", "status": "PENDING"}}}}'
            ).encode("ascii")
        )

    def _accept(self, instance: Instance, address: Address, content: Content, message_id: str) -> None:
        instance.accepted += 1
        self._log.add(
            provider="mega",
            instance=instance.key,
            to=address.to,
            phone=address.phone,
            message_id=message_id,
            text=content.text,
            kind=content.kind,
        )

    async def pause(self, milliseconds: int) -> None:
        """Wait, but not beyond the server's end."""
        if milliseconds:
            await self._hang(milliseconds / 1000)

    async def refuse(self, request: web.Request, instance: Instance, fault: Fault) -> web.StreamResponse:
        """What the client of a faulty call sees."""
        match fault:
            case Fault.ERROR_TRUE:
                return replies.error_true("Connection Closed")
            case Fault.BAD_GATEWAY:
                return replies.gateway_error(502)
            case Fault.GATEWAY_TIMEOUT:
                return replies.gateway_error(504)
            case Fault.HTML_404:
                return replies.html_404(request.method, request.path)
            case Fault.EMPTY_200:
                return replies.empty_200()
            case Fault.PARTIAL_200:
                return replies.partial_200()
            case Fault.DISCONNECTED:
                return replies.not_logged_in()
            case Fault.RATE_LIMITED:
                return replies.rate_limited(instance.faults.retry_after_s)
            case Fault.NOT_REGISTERED:
                return replies.not_registered()
            case Fault.HANG_AFTER_ACCEPT | Fault.HANG_BEFORE_ACCEPT:
                await self._hang(instance.faults.hang_s)
        if request.transport is not None:  # dropped, or silent until the end
            request.transport.abort()
        return replies.empty_200()

    async def _hang(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
