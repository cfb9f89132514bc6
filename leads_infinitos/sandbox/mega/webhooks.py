"""The events an instance posts: no signature, one attempt, unordered if asked to be."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Coroutine

import aiohttp

from leads_infinitos.sandbox.mega.instances import Instance, Status
from leads_infinitos.sandbox.mega.numbers import Address

USER_AGENT = "axios/1.7.7"  # as captured from the vendor's servers
TIMEOUT_S = 10.0
LOGGED_OUT = 401  # Baileys' DisconnectReason


def new_message_id() -> str:
    """Upper-case hex with the prefix of messages sent through an API."""
    return "3EB0" + os.urandom(8).hex().upper()


class Webhooks:
    """Posts in the background; `close` drops what has not been posted."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def after_send(self, instance: Instance, address: Address, *, message_id: str, text: str) -> None:
        """Post the echo and the acks that the instance is set to: before returning, or in the background."""
        events = self._events_of_send(instance, address, message_id=message_id, text=text)
        if instance.webhook.before_answer:
            await self._post_all(instance, events)
        else:
            self._start(self._post_all(instance, events))

    def connection_changed(self, instance: Instance, *, close_reason: int = LOGGED_OUT) -> None:
        """Tell the webhook that the session opened or closed."""
        if not instance.webhook.active:
            return
        body: dict[str, object] = {"instance_key": instance.key, "messageType": "connection_update"}
        if instance.status is Status.CONNECTED:
            body |= {"message": "phone_connected", "jid": instance.jid, "pushName": instance.name}
        else:
            body |= {"connection_state": "close", "closeReason": close_reason}
        self._start(self._post_all(instance, [body], delay_ms=0))

    async def incoming(self, instance: Instance, sender: Address, *, text: str, name: str, lid: str = "") -> int | None:
        """Post a message that somebody wrote to the instance; the webhook's HTTP status, or None without an answer."""
        key: dict[str, object] = {"remoteJid": sender.jid, "fromMe": False, "id": os.urandom(16).hex().upper()}
        if lid:
            key |= {"remoteJid": f"{lid}@lid", "senderPn": sender.jid}
        return await self._post(instance, _message(instance, key, text=text, name=name))

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _events_of_send(
        self, instance: Instance, address: Address, *, message_id: str, text: str
    ) -> list[dict[str, object]]:
        hook = instance.webhook
        key: dict[str, object] = {"remoteJid": address.jid, "fromMe": True, "id": message_id}
        events = [_message(instance, key, text=text, name=instance.name)] if hook.echo else []
        acks: list[dict[str, object]] = [
            {
                "instance_key": instance.key,
                "jid": instance.jid,
                "messageType": "message.ack",
                "key": key,
                "update": {"status": status},
            }
            for status in (reversed(hook.acks) if hook.swapped else hook.acks)
        ]
        return events + [ack for ack in acks for _ in range(2 if hook.duplicated else 1)]

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post_all(
        self, instance: Instance, events: list[dict[str, object]], *, delay_ms: int | None = None
    ) -> None:
        delay_s = (instance.webhook.delay_ms if delay_ms is None else delay_ms) / 1000
        for event in events:
            await asyncio.sleep(delay_s)
            await self._post(instance, event)

    async def _post(self, instance: Instance, body: dict[str, object]) -> int | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S), headers={"User-Agent": USER_AGENT}
            )
        try:
            async with self._session.post(instance.webhook.url, json=body, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError):
            instance.webhook.failed += 1
            return None
        if 200 <= status < 300:
            instance.webhook.posted += 1
        else:
            instance.webhook.failed += 1
        return status


def _message(instance: Instance, key: dict[str, object], *, text: str, name: str) -> dict[str, object]:
    return {
        "instance_key": instance.key,
        "jid": instance.jid,
        "messageType": "conversation",
        "key": key,
        "messageTimestamp": int(time.time()),
        "pushName": name,
        "broadcast": False,
        "message": {
            "conversation": text,
            "messageContextInfo": {"deviceListMetadata": {}, "deviceListMetadataVersion": 2},
        },
        "isGroup": False,
    }
