from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Account, ApiToken, OutboxEmail, User
from accounts.selectors import find_api_token
from billing.domain.envelope import read_body
from billing.models import CatalogueEntry, Licence, PaymentEvent, SendAllowance
from billing.services import inbox
from tests.billing.factories import FIXTURES, load_example_catalogue, payload, receive

pytestmark = pytest.mark.django_db

CATALOGUE = str(FIXTURES / "catalogue.example.json")


def run(*args: str) -> dict[str, Any]:
    """The JSON that a command prints as its last line."""
    out = StringIO()
    call_command(*args, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue().splitlines()[-1])
    return answer


def test_create_account_makes_owner_licence_and_token() -> None:
    answer = run("create_account", "Dona@Example.com", "--plan", "scale", "--password", "um segredo longo", "--json")
    assert set(answer) == {"account_id", "email", "api_token"}
    assert answer["email"] == "dona@example.com"
    assert User.objects.get(email="dona@example.com").check_password("um segredo longo")
    token = find_api_token(answer["api_token"])
    assert token is not None
    assert token.membership.account_id == answer["account_id"]
    assert SendAllowance.objects.get(account=answer["account_id"]).daily_limit == 120
    assert run("licence", "dona@example.com", "--json") == {
        "email": "dona@example.com",
        "account": True,
        "state": "active",
        "access": True,
        "tier": "scale",
        "period": None,
        "access_until": None,
        "transactions": 0,
        "welcome_messages": 0,
        "parked_events": 0,
    }


def test_create_account_takes_days_and_name() -> None:
    answer = run("create_account", "dona@example.com", "--plan", "pro", "--days", "3", "--name", "Dona Ana", "--json")
    licence = Licence.objects.get(account=answer["account_id"])
    assert licence.access_until is not None
    assert abs(licence.access_until - licence.computed_at - dt.timedelta(days=3)) < dt.timedelta(seconds=5)
    assert Account.objects.get().name == "Dona Ana"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("nova@example.com", "--plan", "ouro"), "plano"),
        (("sem-arroba", "--plan", "pro"), "e-mail"),
        (("nova@example.com", "--plan", "pro", "--days", "0"), "data final"),
        (("dona@example.com", "--plan", "pro"), "já tem uma conta"),
    ],
)
def test_create_account_refuses_in_one_sentence_and_leaves_nothing(args: tuple[str, ...], message: str) -> None:
    run("create_account", "dona@example.com", "--plan", "pro", "--json")
    with pytest.raises(CommandError, match=message):
        call_command("create_account", *args)
    assert (Account.objects.count(), ApiToken.objects.count()) == (1, 1)


def test_licence_of_an_unknown_address_has_nothing() -> None:
    answer = run("licence", "ninguem@example.com", "--json")
    assert (answer["account"], answer["state"], answer["access"], answer["tier"]) == (False, "none", False, None)


def test_licence_of_a_refund_that_came_before_its_sale_has_no_account(now: dt.datetime) -> None:
    load_example_catalogue(now=now)
    receive(payload("PURCHASE_REFUNDED"), now=now)
    answer = run("licence", "compradora.ficticia@example.com", "--json")
    assert (answer["account"], answer["state"], answer["transactions"]) == (False, "refunded", 1)
    assert not OutboxEmail.objects.exists()


def test_load_catalogue_works_on_what_was_waiting_for_it(now: dt.datetime) -> None:
    receive(payload("PURCHASE_APPROVED"), now=now)
    assert PaymentEvent.objects.get().reason == "ignored_product"
    answer = run("load_catalogue", CATALOGUE, "--json")
    assert (answer["created"], answer["retried"], answer["events"]) == (13, 1, {"processed": 1})
    assert Account.objects.count() == 1
    assert run("load_catalogue", CATALOGUE, "--json")["unchanged"] == 13


def test_load_catalogue_names_unknown_keys_on_stderr(tmp_path: Path) -> None:
    file = tmp_path / "catalogue.json"
    file.write_text(json.dumps(json.loads(Path(CATALOGUE).read_text()) | {"colour": "blue"}))
    errors = StringIO()
    call_command("load_catalogue", str(file), stdout=StringIO(), stderr=errors)
    assert "colour" in errors.getvalue()


@pytest.mark.parametrize("text", ["{", "[]", '{"product": {"id": 1}, "plans": [{"tier": "ouro"}]}'])
def test_load_catalogue_refuses_a_broken_file(tmp_path: Path, text: str) -> None:
    file = tmp_path / "catalogue.json"
    file.write_text(text)
    with pytest.raises(CommandError):
        call_command("load_catalogue", str(file))
    with pytest.raises(CommandError, match="ler"):
        call_command("load_catalogue", str(tmp_path / "missing.json"))


def test_replay_hotmart_takes_what_waits_or_what_is_named(now: dt.datetime) -> None:
    load_example_catalogue(now=now)
    CatalogueEntry.objects.all().delete()
    event = receive(payload("PURCHASE_APPROVED"), now=now)
    inbox.store(read_body(b"unreadable"), now=now)
    assert run("replay_hotmart", "--parked", "--json")["parked"] == 1
    load_example_catalogue(now=now)
    assert run("replay_hotmart", "--id", str(event.pk), "--json")["processed"] == 1
    assert run("replay_hotmart", "--id", event.dedupe_key, "--json")["replayed"] == 1
    assert run("replay_hotmart", "--json")["replayed"] == 0
    with pytest.raises(CommandError):
        call_command("replay_hotmart", "--id", "999999")


def test_replay_hotmart_exits_1_when_an_event_fails(now: dt.datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**kwargs: Any) -> None:
        raise ValueError

    event = receive(payload("PURCHASE_APPROVED"), now=now)
    monkeypatch.setattr(inbox, "record_purchase", broken)
    with pytest.raises(SystemExit) as exit_code:
        run("replay_hotmart", "--id", str(event.pk), "--json")
    assert exit_code.value.code == 1
