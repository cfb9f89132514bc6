from __future__ import annotations

import datetime as dt
import re

import pytest

from accounts.errors import TooManyApiTokens
from accounts.models import ApiToken, Membership
from accounts.selectors import authenticate_api_token
from accounts.services import tokens
from tests.factories import NOW, make_api_token

pytestmark = pytest.mark.django_db


def test_a_key_opens_its_own_membership(ana: Membership) -> None:
    _, text = make_api_token(membership=ana)

    assert authenticate_api_token(text) == ana


def test_the_text_is_long_random_and_nowhere_in_the_database(ana: Membership) -> None:
    token, text = make_api_token(membership=ana)
    token.refresh_from_db()

    assert re.fullmatch(r"li_[A-Za-z0-9_-]{40}", text)
    assert text not in str(vars(token))
    assert token.prefix == text[:8]


@pytest.mark.parametrize("text", ["", "li_", "li_" + "x" * 40, "não é chave"])
def test_another_text_opens_nothing(ana: Membership, text: str) -> None:
    make_api_token(membership=ana)

    assert authenticate_api_token(text) is None


def test_a_revoked_key_opens_nothing(ana: Membership) -> None:
    token, text = make_api_token(membership=ana)
    tokens.revoke_api_token(token=token, now=NOW)

    assert authenticate_api_token(text) is None


def test_a_deactivated_person_s_key_opens_nothing(ana: Membership) -> None:
    _, text = make_api_token(membership=ana)
    ana.user.is_active = False
    ana.user.save()

    assert authenticate_api_token(text) is None


def test_using_a_key_notes_the_local_day(ana: Membership) -> None:
    token, text = make_api_token(membership=ana)
    late_in_sao_paulo = dt.datetime(2026, 3, 11, 2, 0, tzinfo=dt.UTC)  # still the 10th there

    assert tokens.use_api_token(text=text, now=late_in_sao_paulo) == ana
    token.refresh_from_db()
    assert token.last_used_on == dt.date(2026, 3, 10)


def test_a_member_holds_ten_keys_at_most(ana: Membership) -> None:
    made = [make_api_token(membership=ana)[0] for _ in range(10)]
    with pytest.raises(TooManyApiTokens):
        make_api_token(membership=ana)

    tokens.revoke_api_token(token=made[0], now=NOW)
    make_api_token(membership=ana)
    assert ApiToken.objects.filter(revoked_at=None).count() == 10
