"""Where people see the restore guard, and how an operator answers it."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, User
from billing.models import Licence
from campaigns.models import Campaign, Installation
from campaigns.services import restore_guard
from leads_infinitos import health
from leads_infinitos.portal import banners
from leads_infinitos.portal.tasks import beat_heartbeat
from tests.campaigns.engine import answer, claim, record
from tests.campaigns.rows import NOW, give_allowance, make_campaign, make_connection, make_messages, make_sender

pytestmark = pytest.mark.django_db


@pytest.fixture
def running() -> Campaign:
    """One of two messages was sent by a database that then lost it."""
    account = make_sender()
    connection = make_connection(account)
    campaign = make_campaign(account, connection)
    make_messages(campaign, connection, 2)
    record(answer(claim()[0]))
    Installation.objects.update(ledger_mark=0)
    return campaign


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("confirm_restore", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def told(*arguments: str) -> tuple[int, dict[str, Any]]:
    code, text = run(*arguments, "--json")
    return code, json.loads(text.splitlines()[-1])


def test_the_command_shows_how_far_behind_the_database_is_and_changes_nothing(running: Campaign) -> None:
    code, shown = told()

    assert code == 1
    assert (shown["stop"], shown["behind"], shown["witness"]) == ("database_behind", 1, 1)
    assert not shown["may_send"]
    assert run()[1].splitlines()[1] == "  Envios no banco: 0; fora dele: 1; faltam no banco: 1"
    running.refresh_from_db()
    assert running.status == "running"


def test_the_command_confirms_only_when_told_to(running: Campaign) -> None:
    code, done = told("--yes")

    assert (code, done["may_send"], done["paused"]) == (0, True, 1)
    running.refresh_from_db()
    assert (running.status, running.pause_reason) == ("paused", "restored")
    assert told() == (0, told()[1] | {"may_send": True, "stop": None, "behind": 0})
    assert told("--yes")[0] == 0


def test_a_silent_witness_cannot_be_confirmed_away(running: Campaign, witness_folder: Path) -> None:
    next(witness_folder.iterdir()).write_text("?")
    with pytest.raises(CommandError) as refused:
        call_command("confirm_restore", "--yes")
    assert refused.value.returncode == 2


def test_not_ready_while_a_database_waits_for_its_operator(running: Campaign) -> None:
    beat_heartbeat()
    response = health.readyz(RequestFactory().get("/readyz"))
    assert (response.status_code, json.loads(response.content)["failing"]["restore_guard"]) == (503, "database_behind")


def test_members_are_told_that_nothing_leaves(running: Campaign, ana: Membership, witness_folder: Path) -> None:
    give_allowance(ana.account)
    Licence.objects.update_or_create(account=ana.account, defaults={"state": "active"})

    banner = banners.current(ana.account, now=timezone.now())
    assert banner
    assert banner.title == "Envios pausados: banco de dados restaurado"

    next(witness_folder.iterdir()).write_text("?")
    banner = banners.current(ana.account, now=timezone.now())
    assert banner
    assert (banner.tone, banner.title) == ("warn", "Envios em espera")


def test_an_operator_confirms_in_admin_and_is_remembered(running: Campaign, client: Client) -> None:
    operator = User.objects.create_superuser("operadora@example.com")
    client.force_login(operator, backend="allauth.account.auth_backends.AuthenticationBackend")
    address = reverse("admin:campaigns_installation_changelist")
    assert "voltou de uma cópia de segurança" in client.get(address).content.decode()

    client.post(address, {"action": "confirm", "_selected_action": [1]})

    row = Installation.objects.get()
    assert (row.confirmed_by, row.confirmed_behind) == (operator, 1)
    assert restore_guard.look().may_send
    again = client.post(address, {"action": "confirm", "_selected_action": [1]}, follow=True).content.decode()
    assert "já pode enviar" in again


def test_the_owner_who_resumes_is_told_what_may_have_left(ana: Membership, ana_browser: Client) -> None:
    campaign = make_campaign(ana.account, make_connection(ana.account), status="paused", pause_reason="restored")

    page = ana_browser.get(f"/campaigns/{campaign.pk}/").content.decode()

    assert "mensagens na fila podem já ter saído" in page
    assert "a pessoa receberia duas vezes" in page


def test_a_claim_later_than_the_confirmation_counts_on(running: Campaign) -> None:
    restore_guard.confirm(by=None, now=NOW)
    assert Installation.objects.get().ledger_mark == 1
