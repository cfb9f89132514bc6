from __future__ import annotations

import datetime as dt
import json
import uuid

import pytest

from leads_infinitos.sandbox.client import SandboxClient, SandboxError
from leads_infinitos.sandbox.hotmart import TEMPLATES, build_event, template_names
from tests.sandbox.wire import Receiver

NOW = dt.datetime(2031, 1, 31, 15, 0, 0, tzinfo=dt.UTC)


def ms(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)


def test_an_approval_is_fresh_and_current() -> None:
    event = build_event("PURCHASE_APPROVED", {"email": "ana@example.com", "plan_id": 910005}, now=NOW)
    other = build_event("PURCHASE_APPROVED", {}, now=NOW)
    purchase = event["data"]["purchase"]
    assert uuid.UUID(event["id"]).version == 4
    assert event["creation_date"] == ms(NOW)
    assert ms(NOW) - 60_000 < purchase["approved_date"] <= ms(NOW)
    assert purchase["date_next_charge"] == ms(dt.datetime(2031, 2, 28, 12, tzinfo=dt.UTC))
    assert event["data"]["product"]["warranty_date"].startswith("2031-02-0")
    assert event["data"]["buyer"]["email"] == "ana@example.com"
    assert event["data"]["subscription"]["plan"]["id"] == 910005
    for path in (
        ("id",),
        ("data", "purchase", "transaction"),
        ("data", "subscription", "subscriber", "code"),
    ):
        one, two = event, other
        for key in path:
            one, two = one[key], two[key]
        assert one != two, path


def test_overrides_reach_any_path_and_the_next_charge_in_months() -> None:
    event = build_event(
        "PURCHASE_APPROVED",
        {"months": 12, "data.purchase.status": "X", "id": "fixo", "transaction": "HP1", "subscriber_code": "S1"},
        now=NOW,
    )
    assert event["data"]["purchase"]["date_next_charge"] == ms(dt.datetime(2032, 1, 31, 12, tzinfo=dt.UTC))
    assert (event["id"], event["data"]["purchase"]["status"]) == ("fixo", "X")
    assert event["data"]["purchase"]["transaction"] == "HP1"
    assert event["data"]["subscription"]["subscriber"]["code"] == "S1"


@pytest.mark.parametrize("template", template_names())
def test_every_template_keeps_its_shape(template: str) -> None:
    def shape(value: object) -> object:
        return {key: shape(inner) for key, inner in value.items()} if isinstance(value, dict) else type(value)

    original = json.loads((TEMPLATES / f"{template}.json").read_text(encoding="utf-8"))
    assert shape(build_event(template, {}, now=NOW)) == shape(original)


def test_the_panels_test_post_never_changes() -> None:
    original = json.loads((TEMPLATES / "PURCHASE_APPROVED.panel_test.json").read_text(encoding="utf-8"))
    assert build_event("PURCHASE_APPROVED.panel_test", {}, now=NOW) == original


def test_an_event_is_posted_with_its_token(sandbox: SandboxClient, receiver: Receiver) -> None:
    posted = sandbox.post_hotmart(url=receiver.url, hottok="segredo", overrides={"email": "ana@example.com"})
    hook = receiver.next()
    assert (posted["status"], posted["body"], posted["event"]) == (200, "ok", hook.body)
    assert hook.headers["x-hotmart-hottok"] == "segredo"
    assert hook.headers["content-type"] == "application/json"
    assert hook.body["event"] == "PURCHASE_APPROVED"
    assert "hottok" not in hook.body


def test_the_same_event_can_be_posted_again(sandbox: SandboxClient, receiver: Receiver) -> None:
    first = sandbox.post_hotmart(url=receiver.url, hottok="segredo")
    sandbox.post("/hotmart", {"repeat": first["n"]})
    one, two = receiver.next(), receiver.next()
    assert one.body == two.body
    assert two.headers["x-hotmart-hottok"] == "segredo"


def test_a_whole_payload_is_posted_as_it_is(sandbox: SandboxClient, receiver: Receiver) -> None:
    sandbox.post_hotmart(url=receiver.url, hottok="x", payload={"event": "NOVO", "data": {}})
    assert receiver.next().body == {"event": "NOVO", "data": {}}


def test_a_refusal_and_silence_are_reported(sandbox: SandboxClient, receiver: Receiver) -> None:
    receiver.status = 401
    assert sandbox.post_hotmart(url=receiver.url, hottok="x")["status"] == 401
    assert sandbox.post_hotmart(url="http://127.0.0.1:1/", hottok="x")["status"] is None
    with pytest.raises(SandboxError, match="no template"):
        sandbox.post_hotmart(url=receiver.url, hottok="x", template="../sandbox")
