"""Mega API's routes: who may call, and which handler answers."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping

from aiohttp import web

from leads_infinitos.sandbox.accept_log import AcceptLog
from leads_infinitos.sandbox.mega import qr, replies, sends
from leads_infinitos.sandbox.mega.faults import Call
from leads_infinitos.sandbox.mega.instances import KEY, PHONE, Instance, Status, demo_instances, new_instance
from leads_infinitos.sandbox.mega.numbers import address_of
from leads_infinitos.sandbox.mega.panel import numbers_panel
from leads_infinitos.sandbox.mega.webhooks import Webhooks
from leads_infinitos.sandbox.provider import Panel

Answer = Awaitable[web.StreamResponse]
Handler = Callable[[web.Request], Answer]
InstanceHandler = Callable[[web.Request, Instance], Answer]
PRESENCES = frozenset({"unavailable", "available", "composing", "recording", "paused"})


class MegaApi:
    """The wire under `/mega`. `instances` is what the control surface and the page work on."""

    name = "mega"

    def __init__(self, *, log: AcceptLog, stopping: asyncio.Event, admin_token: str | None = None) -> None:
        self.log = log
        self.webhooks = Webhooks()
        self.admin_token = admin_token  # of a dedicated server; None: a shared plan, without init, list and delete
        self.unknown_as_200 = False
        self.instances: dict[str, Instance] = {}
        self._sender = sends.Sender(log=log, webhooks=self.webhooks, stopping=stopping)
        self.reset()

    def reset(self) -> None:
        self.instances = {instance.key: instance for instance in demo_instances()}
        self.unknown_as_200 = False

    def state(self) -> dict[str, object]:
        return {"instances": [instance.as_json() for instance in self.instances.values()]}

    def panels(self, *, url: str) -> list[Panel]:
        return [numbers_panel(self.instances.values(), host=f"{url}/{self.name}")]

    async def close(self) -> None:
        await self.webhooks.close()

    def routes(self) -> Iterable[web.RouteDef]:
        rest = "/mega/rest"
        for path, content_of in (
            ("text", sends.text_content),
            ("mediaUrl", sends.media_by_url),
            ("mediaBase64", sends.media_by_base64),
            ("sendLinkPreview", sends.link_content),
        ):
            yield web.post(f"{rest}/sendMessage/{{key}}/{path}", self._sending(content_of))
        yield web.post(f"{rest}/chat/{{key}}/presenceUpdateChat", self._owned(self._presence))
        yield web.get(f"{rest}/webhook/{{key}}", self._owned(self._webhook))
        yield web.post(f"{rest}/webhook/{{key}}/configWebhook", self._owned(self._config_webhook))
        yield web.post(f"{rest}/instance/init", self._init)
        yield web.get(f"{rest}/instance/list", self._list)
        yield web.get(f"{rest}/instance/{{key}}", self._owned(self._status))
        yield web.get(f"{rest}/instance/qrcode_base64/{{key}}", self._owned(self._qrcode))
        yield web.get(f"{rest}/instance/pairingCode/{{key}}", self._owned(self._pairing_code))
        yield web.get(f"{rest}/instance/isOnWhatsApp/{{key}}", self._owned(self._is_on_whatsapp))
        yield web.get(f"{rest}/instance/getProfilePicture/{{key}}", self._owned(self._profile_picture))
        yield web.delete(f"{rest}/instance/{{key}}/logout", self._owned(self._logout))
        yield web.delete(f"{rest}/instance/{{key}}/restart", self._owned(self._restart))
        yield web.delete(f"{rest}/instance/{{key}}/delete", self._owned(self._delete))
        yield web.route("*", "/mega/{tail:.*}", _nothing_here)

    def change_status(self, instance: Instance, status: Status, *, close_reason: int = 401) -> None:
        """The session opens or closes, and the webhook hears of it."""
        if instance.become(status):
            self.webhooks.connection_changed(instance, close_reason=close_reason)

    def _sending(self, content_of: Callable[[Mapping[str, object]], sends.Content | None]) -> Handler:
        async def send(request: web.Request) -> web.StreamResponse:
            instance = self.instances.get(request.match_info["key"])
            if instance is None or request.headers.get("Authorization") != instance.bearer:
                entered = self._enter(request)
                if isinstance(entered, web.Response):
                    return entered
                instance = entered
            return await self._sender.send(request, instance, content_of)

        return send

    def _owned(self, handler: InstanceHandler) -> Handler:
        async def call(request: web.Request) -> web.StreamResponse:
            instance = self._enter(request)
            if isinstance(instance, web.Response):
                return instance
            return await handler(request, instance)

        return call

    def _enter(self, request: web.Request) -> Instance | web.Response:
        """The instance of the path when the token opens it; else the refusal."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            return replies.unauthorized()
        instance = self.instances.get(request.match_info["key"])
        if instance is None:
            return replies.error_true("Instance not found") if self.unknown_as_200 else replies.instance_not_found()
        if token in (instance.token, self.admin_token):
            return instance
        if any(token == other.token for other in self.instances.values()):
            return replies.wrong_key()
        return replies.unauthorized()

    async def _status(self, request: web.Request, instance: Instance) -> web.StreamResponse:
        instance.status_reads += 1
        refused = await self._fault(request, instance, Call.STATUS)
        if refused is not None:
            return refused
        shown: dict[str, object] = {"key": instance.key, "status": instance.status}
        if instance.connected:
            user = f"{instance.phone}:7@s.whatsapp.net"
            shown["user"] = {"id": user, "name": instance.name, "verifiedName": instance.name}
        return replies.ok("Instance data fetched", instance=shown)

    async def _qrcode(self, request: web.Request, instance: Instance) -> web.StreamResponse:
        if instance.connected:
            return replies.already_logged_in()
        rotation = instance.qr_rotation()
        code = None if rotation is None else qr.png_data_url(f"{instance.key} {rotation}")
        return replies.ok("Qrcode fetched", qrcode=code)

    async def _pairing_code(self, request: web.Request, instance: Instance) -> web.StreamResponse:
        if instance.connected:
            return replies.already_logged_in()
        if not PHONE.fullmatch(request.query.get("phoneNumber", "")):
            return replies.bad_request("phoneNumber is required")
        letters = "".join(secrets.choice("ABCDEFGHJKLMNPQRSTVWXYZ123456789") for _ in range(8))
        instance.pairing_code = f"{letters[:4]}-{letters[4:]}"
        return replies.ok("Pairing code generated", pairingCode=instance.pairing_code)

    async def _logout(self, request: web.Request, instance: Instance) -> web.StreamResponse:
        if instance.status is Status.DISCONNECTED:
            return replies.not_logged_in()
        self.change_status(instance, Status.DISCONNECTED)
        return replies.ok("Instance logged out")

    async def _restart(self, request: web.Request, instance: Instance) -> web.StreamResponse:
        instance.restart()
        return replies.ok("Instance restarted")

    async def _is_on_whatsapp(self, request: web.Request, instance: Instance) -> web.StreamResponse:
        instance.checks += 1
        refused = await self._fault(request, instance, Call.CHECK)
        if refused is not None:
            return refused
        if not instance.connected:
            return replies.not_logged_in()
        address = address_of(request.query.get("jid", ""))
        if address is None or not address.on_whatsapp:
            return replies.raw({"exists": False})
        return replies.raw({"exists": True, "jid": address.jid})

    async def _profile_picture(self, request: web.Request, instance: Instance) -> web.StreamResponse:
        address = address_of(request.query.get("to", ""))
        if not instance.connected:
            return replies.not_logged_in()
        if address is None or not address.on_whatsapp:
            return replies.ok("Profile picture fetched")
        return replies.ok("Profile picture fetched", data=f"https://pps.whatsapp.net/v/sandbox/{address.to}.jpg")

    async def _presence(self, request: web.Request, instance: Instance) -> web.StreamResponse:
        body = await _object(request)
        if body.get("option") not in PRESENCES or not isinstance(body.get("to"), str):
            return replies.bad_request("to and option are required")
        return replies.ok("Presence updated") if instance.connected else replies.not_logged_in()

    async def _webhook(self, request: web.Request, instance: Instance) -> web.StreamResponse:
        hook = instance.webhook
        shown = {"webhookUrl": hook.url, "webhookEnabled": hook.enabled}
        return replies.ok("Webhook status fetched", webhookData=shown)

    async def _config_webhook(self, request: web.Request, instance: Instance) -> web.StreamResponse:
        data = (await _object(request)).get("messageData")
        if not isinstance(data, dict) or not isinstance(data.get("webhookUrl"), str):
            return replies.bad_request("messageData is required")
        instance.webhook.url = data["webhookUrl"]
        instance.webhook.enabled = data.get("webhookEnabled") is not False
        return replies.ok("Webhook updated")

    async def _init(self, request: web.Request) -> web.StreamResponse:
        if not self._is_admin(request):
            return replies.html_404(request.method, request.path)
        key = request.query.get("instance_key", "")
        if not KEY.fullmatch(key) or key in self.instances or self.admin_token is None:
            return replies.bad_request("instance_key is missing or taken")
        self.instances[key] = instance = new_instance(key)
        instance.become(Status.DISCONNECTED)
        data = (await _object(request)).get("messageData")
        if isinstance(data, dict):
            instance.webhook.url = str(data.get("webhookUrl") or "")
            instance.webhook.enabled = data.get("webhookEnabled") is not False
        return replies.ok("Instance created", instance_key=key)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        if not self._is_admin(request):
            return replies.html_404(request.method, request.path)
        shown = [
            {
                "key": instance.key,
                "user": {"id": f"{instance.phone}:7@s.whatsapp.net", "name": instance.name},
                "connectionState": "open" if instance.connected else "close",
            }
            for instance in self.instances.values()
        ]
        return replies.ok("Instances listed", instances=shown)

    async def _delete(self, request: web.Request, instance: Instance) -> web.StreamResponse:
        if not self._is_admin(request):
            return replies.html_404(request.method, request.path)
        del self.instances[instance.key]
        return replies.ok("Instance deleted")

    def _is_admin(self, request: web.Request) -> bool:
        return self.admin_token is not None and request.headers.get("Authorization") == f"Bearer {self.admin_token}"

    async def _fault(self, request: web.Request, instance: Instance, call: Call) -> web.StreamResponse | None:
        plan = instance.faults
        if call in plan.calls:
            await self._sender.pause(plan.latency_ms)
        fault = plan.take(call)
        return None if fault is None else await self._sender.refuse(request, instance, fault)


async def _object(request: web.Request) -> Mapping[str, object]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


async def _nothing_here(request: web.Request) -> web.StreamResponse:
    return replies.html_404(request.method, request.path)
