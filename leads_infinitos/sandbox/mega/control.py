"""Switches of the Mega API stand-in: instances, faults, incoming messages."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping

from aiohttp import web

from leads_infinitos.sandbox.mega.faults import Call, Fault, FaultPlan
from leads_infinitos.sandbox.mega.instances import KEY, PHONE, SECRET, Instance, Status, Webhook, new_instance
from leads_infinitos.sandbox.mega.numbers import address_of
from leads_infinitos.sandbox.mega.provider import MegaApi
from leads_infinitos.sandbox.provider import CONTROL
from leads_infinitos.sandbox.wire import (
    BadField,
    answer,
    bool_field,
    fields_of,
    guarded,
    int_field,
    json_response,
    text_field,
)

ANCHOR = "numeros"


def routes(mega: MegaApi) -> Iterable[web.RouteDef]:
    """The control routes that act on `mega`."""
    control = MegaControl(mega)
    yield web.post(f"{CONTROL}/instances", guarded(control.save_instance))
    yield web.delete(f"{CONTROL}/instances/{{key}}", guarded(control.delete_instance))
    yield web.post(f"{CONTROL}/faults", guarded(control.set_faults))
    yield web.post(f"{CONTROL}/incoming", guarded(control.incoming))


class MegaControl:
    def __init__(self, mega: MegaApi) -> None:
        self._mega = mega

    async def save_instance(self, request: web.Request) -> web.StreamResponse:
        """Make an instance, or change the fields that are given."""
        fields = await fields_of(request)
        key = text_field(fields, "key") or f"megasandbox-{secrets.token_hex(4)}"
        if not KEY.fullmatch(key):
            raise BadField("key holds letters, digits, '.', '_' and '-' only")
        instance = self._mega.instances.get(key) or new_instance(key)
        _apply(instance, fields)
        self._mega.instances[key] = instance
        status = text_field(fields, "status")
        if status is not None:
            if status not in list(Status):
                raise BadField("status is connected, connecting or disconnected")
            self._mega.change_status(instance, Status(status), close_reason=int_field(fields, "close_reason") or 401)
        return answer(request, instance.as_json(), anchor=ANCHOR, status=201)

    async def delete_instance(self, request: web.Request) -> web.StreamResponse:
        if self._mega.instances.pop(request.match_info["key"], None) is None:
            raise BadField("no such instance")
        return json_response({})

    async def set_faults(self, request: web.Request) -> web.StreamResponse:
        """Replace the fault plan of one instance, or of all when none is named; no fault clears it."""
        fields = await fields_of(request)
        key = text_field(fields, "instance")
        _plan(fields)  # refuses bad fields before anything changes
        chosen = list(self._mega.instances.values()) if key is None else [self._instance(key)]
        for instance in chosen:
            instance.faults = _plan(fields)
        unknown_as_200 = bool_field(fields, "unknown_as_200")
        if unknown_as_200 is not None:
            self._mega.unknown_as_200 = unknown_as_200
        return answer(request, {"instances": [one.key for one in chosen]}, anchor=ANCHOR)

    async def incoming(self, request: web.Request) -> web.StreamResponse:
        """Somebody writes to the instance's number; the answer holds the webhook's HTTP status, or null."""
        fields = await fields_of(request)
        instance = self._instance(text_field(fields, "instance") or "")
        sender = address_of(text_field(fields, "from") or "")
        text = text_field(fields, "text")
        if sender is None or text is None:
            raise BadField("from must be a number, and text must not be empty")
        if not instance.webhook.active:
            raise BadField("the instance has no webhook")
        status = await self._mega.webhooks.incoming(
            instance,
            sender,
            text=text,
            name=text_field(fields, "name") or "Cliente",
            lid=text_field(fields, "lid") or "",
        )
        return answer(request, {"webhook_status": status}, anchor=ANCHOR)

    def _instance(self, key: str) -> Instance:
        instance = self._mega.instances.get(key)
        if instance is None:
            raise BadField("no such instance")
        return instance


def _apply(instance: Instance, fields: Mapping[str, object]) -> None:
    token, phone, name = text_field(fields, "token"), text_field(fields, "phone"), text_field(fields, "name")
    if token is not None:
        if not SECRET.fullmatch(token):
            raise BadField("token must be visible ASCII")
        instance.token, instance.bearer = token, f"Bearer {token}"
    if phone is not None:
        if not PHONE.fullmatch(phone):
            raise BadField("phone must be digits with the country code")
        instance.phone = phone
    if name is not None:
        instance.name = name
    _apply_webhook(instance.webhook, fields)


def _apply_webhook(hook: Webhook, fields: Mapping[str, object]) -> None:
    if "webhook_url" in fields:
        hook.url = text_field(fields, "webhook_url") or ""
    if "acks" in fields:
        hook.acks = _acks(fields["acks"])
    delay_ms = int_field(fields, "ack_delay_ms")
    if delay_ms is not None:
        hook.delay_ms = delay_ms
    for name, attribute in (
        ("webhook_enabled", "enabled"),
        ("acks_swapped", "swapped"),
        ("acks_duplicated", "duplicated"),
        ("acks_before_answer", "before_answer"),
        ("echo", "echo"),
    ):
        value = bool_field(fields, name)
        if value is not None:
            setattr(hook, attribute, value)


def _acks(value: object) -> tuple[int, ...]:
    """`[2, 3]` from JSON, `2 3` from a form."""
    parts = value if isinstance(value, list) else str(value).replace(",", " ").split()
    try:
        acks = tuple(int(part) for part in parts)
    except (TypeError, ValueError) as error:
        raise BadField("acks is a list of numbers from 0 to 5") from error
    if any(not 0 <= ack <= 5 for ack in acks):
        raise BadField("acks is a list of numbers from 0 to 5")
    return acks


def _plan(fields: Mapping[str, object]) -> FaultPlan:
    plan = FaultPlan()
    fault = text_field(fields, "fault")
    if fault is not None:
        if fault not in list(Fault):
            raise BadField(f"fault is one of {', '.join(Fault)}")
        plan.fault = Fault(fault)
    calls = fields.get("calls")
    if calls is not None:
        named = calls if isinstance(calls, list) else str(calls).split()
        if not all(call in list(Call) for call in named):
            raise BadField(f"calls is a list of {', '.join(Call)}")
        plan.calls = frozenset(Call(call) for call in named)
    plan.times = int_field(fields, "times") or None
    plan.every = int_field(fields, "every") or 1
    plan.latency_ms = int_field(fields, "latency_ms") or 0
    retry_after_s, hang_s = int_field(fields, "retry_after_s"), int_field(fields, "hang_s")
    plan.retry_after_s = plan.retry_after_s if retry_after_s is None else retry_after_s
    plan.hang_s = plan.hang_s if hang_s is None else hang_s
    return plan
