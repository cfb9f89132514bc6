from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from accounts import errors, texts
from accounts.services import tokens


def test_every_refusal_has_a_sentence() -> None:
    codes = [error.code for error in errors.AccountError.__subclasses__()]

    assert codes
    assert set(codes) <= set(texts.ERRORS)


def test_a_sentence_holds_its_values() -> None:
    assert texts.of(errors.TooManyApiTokens(limit=tokens.MAX_TOKENS)).startswith("Você já tem 10 chaves")


@pytest.mark.parametrize("zone", texts.TIME_ZONES)
def test_every_zone_that_is_offered_exists(zone: str) -> None:
    assert ZoneInfo(zone).key == zone
