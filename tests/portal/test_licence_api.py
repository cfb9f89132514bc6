"""GET /api/licence/: the right of the account that asks, and nobody else's."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import make_api_token, make_licensed_account, make_membership

pytestmark = pytest.mark.django_db


def licence_of(token: str) -> dict[str, object]:
    seen: dict[str, object] = Client().get("/api/licence/", headers={"Authorization": f"Token {token}"}).json()
    return seen


def test_it_says_plan_limits_and_what_is_left_today() -> None:
    account = make_licensed_account(plan="pro")
    _, token = make_api_token(membership=make_membership(account=account))

    seen = licence_of(token)

    assert (seen["state"], seen["plan"], seen["access"]) == ("active", "pro", True)
    assert (seen["numbers"], seen["daily_limit"], seen["used_today"], seen["left_today"]) == (2, 60, 0, 60)


def test_an_account_without_a_licence_has_nothing() -> None:
    _, token = make_api_token(membership=make_membership())

    seen = licence_of(token)

    assert (seen["state"], seen["plan"], seen["access"], seen["daily_limit"]) == ("none", None, False, 0)
