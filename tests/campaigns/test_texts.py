from __future__ import annotations

import re
from pathlib import Path

import pytest

from campaigns import errors, texts
from campaigns.errors import CampaignError, ConnectionRefused
from campaigns.gateways import base, megaapi
from leads_infinitos.kernel.errors import DomainError

ROOT = Path(__file__).resolve().parent.parent.parent


def refusals(parent: type[DomainError]) -> list[type[DomainError]]:
    return [parent, *(found for child in parent.__subclasses__() for found in refusals(child))]


@pytest.mark.parametrize("error", [*refusals(CampaignError), *refusals(ConnectionRefused)])
def test_every_refusal_has_a_sentence_without_holes(error: type[DomainError]) -> None:
    assert error.code in texts.TEXTS
    assert "{" not in texts.of(error())


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (errors.WrongState(status="running", wanted="edit"), "Esta campanha está em andamento: não dá para editar."),
        (errors.CampaignIncomplete(missing=["lists"]), "Falta escolher uma lista de leads."),
        (errors.WindowInvalid(day=2), "O horário de envio na quarta-feira não é válido."),
        (errors.InstanceTaken(here=False), "Este número já está conectado em outra conta."),
        (errors.TooManyConnections(limit=2), "Os números do seu plano (2) já estão em uso."),
        (errors.ConnectionInUse(campaigns=["A", "B"]), "Este número ainda é usado por: “A” e “B”."),
        (errors.GapInvalid(floor_s=30.0), "O intervalo entre mensagens precisa começar em 30 segundos ou mais"),
        (errors.TextInvalid(variation=3, problem="empty_text", field=""), "A variação 3 está vazia."),
        (errors.TextInvalid(variation=1, problem="unknown_field", field="loja"), "A variação 1 usa um campo que"),
    ],
)
def test_a_refusal_names_its_values_in_words(error: DomainError, sentence: str) -> None:
    assert texts.of(error).startswith(sentence)


def test_other_apps_params_stay_as_they_are() -> None:
    assert texts.worded({"limit": 10, "plan": "pro", "problem": "x"}) == {"limit": 10, "plan": "pro", "problem": "x"}


def test_every_code_of_the_gates_and_gateways_is_explained() -> None:
    gates = (ROOT / "campaigns/domain/gates.py").read_text()
    codes = set(re.findall(r'_wait\("([a-z_]+)"|Answer\.(?:SKIP|DEFER), "([a-z_]+)"', gates))
    found = {code for pair in codes for code in pair if code}
    found |= {code for _, _, (_, code) in megaapi.REFUSALS} | {value.code for value in base.SILENCE_OUTCOMES.values()}

    assert len(found) > 15
    assert found <= set(texts.REASONS)


def test_a_code_that_nobody_worded_names_itself() -> None:
    assert "novo_codigo" in texts.reason("novo_codigo")
    assert texts.reason("") == ""
