from __future__ import annotations

import dataclasses

import pytest

from billing import errors, texts
from billing.models import LicenceState, PaymentEvent
from billing.selectors.entitlement import Entitlement
from leads_infinitos.kernel.errors import DomainError

RIGHT = Entitlement(
    state="none",
    plan=None,
    period="",
    access=False,
    access_until=None,
    grace_until=None,
    first_access_at=None,
    numbers=0,
    daily_per_number=0,
    daily_limit=0,
    used_today=0,
    extraction_quota=0,
    halted_reason="",
)


def test_every_error_has_a_sentence() -> None:
    codes = {
        error.code for error in vars(errors).values() if isinstance(error, type) and issubclass(error, DomainError)
    }
    assert codes - {"error"} == set(texts.TEXTS)


@pytest.mark.parametrize("state", LicenceState.values)
def test_every_state_has_a_word_and_a_sentence(state: str) -> None:
    assert texts.STATES[state]
    assert texts.licence_sentence(dataclasses.replace(RIGHT, state=state), "America/Sao_Paulo")


def test_an_error_of_the_catalogue_is_put_into_words() -> None:
    error = errors.CatalogueInvalid(where="plans[2].tier", problem="unknown_word", value="ouro")
    assert texts.of(error) == "O catálogo tem um problema em plans[2].tier: palavra desconhecida (ouro)."


def test_a_price_is_read_as_in_brazil() -> None:
    assert texts.price(123456, "BRL") == "R$ 1.234,56"
    assert texts.price(1990, "EUR") == "EUR 19,90"


def test_the_statuses_of_an_event_have_labels() -> None:
    assert all(label for _, label in PaymentEvent.Status.choices)
