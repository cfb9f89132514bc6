from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from tests.campaigns.rows import make_sender


def refusal(*arguments: str) -> int:
    """The exit code of a command that does not run."""
    with pytest.raises(CommandError) as refused:
        call_command("prove_sending", *arguments)
    return refused.value.returncode


@pytest.mark.django_db
def test_a_named_database_with_somebodys_account_is_refused() -> None:
    make_sender(name="Padaria Sol")

    with override_settings(DATABASE_URL="postgres://somewhere/in-use"):
        assert refusal() == 2


@pytest.mark.django_db
def test_nothing_is_proved_on_a_database_with_somebodys_account() -> None:
    make_sender(name="Padaria Sol")

    assert refusal("--on-stage", "8000") == 2


@override_settings(PRODUCTION=True)
def test_no_protection_is_taken_away_in_production() -> None:
    assert refusal("--break", "claim") == 2


@pytest.mark.parametrize(
    "arguments",
    [("--gateway", "http://127.0.0.1:9/mega"), ("--gateway", "http://127.0.0.1:9", "--instances", "none.json")],
)
def test_another_gateway_needs_its_instances_and_its_log(arguments: tuple[str, ...]) -> None:
    assert refusal(*arguments) == 3


def test_an_unknown_protection_is_refused() -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("prove_sending", "--break", "everything")


def test_what_a_developer_set_does_not_reach_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    from leads_infinitos.portal.proof.stage import proof_environment

    given: dict[str, Any] = {"SEND_ONLY_TO": "+5511987654321", "MIN_GAP_S": "30", "CALL_TIMEOUT_S": "30", "DEBUG": "0"}
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    with proof_environment(sends=100) as (environment, _):
        assert not {"SEND_ONLY_TO", "MIN_GAP_S"} & environment.keys()
        assert (environment["CALL_TIMEOUT_S"], environment["DEBUG"]) == ("2", "1")
