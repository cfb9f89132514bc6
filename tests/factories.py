"""Rows for tests: plain functions that fill what a test does not care about."""

from __future__ import annotations

import datetime as dt
import importlib
import itertools
from typing import Any

from django.apps import apps

from accounts.models import Account, ApiToken, Membership, User
from accounts.services import tokens
from billing.models import Plan
from billing.services import plans

PASSWORD = "uma frase boa de lembrar"
NOW = dt.datetime(2026, 3, 10, 15, 0, tzinfo=dt.UTC)  # a Tuesday, 12:00 in São Paulo
_numbers = itertools.count(1)


def make_account(**overrides: Any) -> Account:
    values: dict[str, Any] = {"name": f"Conta {next(_numbers)}"}
    return Account.objects.create(**values | overrides)


def make_user(**overrides: Any) -> User:
    """A person who can log in with PASSWORD."""
    values: dict[str, Any] = {"email": f"pessoa{next(_numbers)}@example.com", "password": PASSWORD, "name": "Pessoa"}
    return User.objects.create_user(**values | overrides)


def make_membership(**overrides: Any) -> Membership:
    """An owner of an account, both new unless given."""
    values = dict(overrides)
    values.setdefault("account", None)
    values.setdefault("user", None)
    values["account"] = values["account"] or make_account()
    values["user"] = values["user"] or make_user()
    return Membership.objects.create(**values)


def make_api_token(*, membership: Membership, name: str = "API", now: dt.datetime = NOW) -> tuple[ApiToken, str]:
    """A working key and its text."""
    return tokens.issue_api_token(membership=membership, name=name, now=now)


def make_plans() -> None:
    """The five plans of the first migration, where a transactional test before this one has emptied the tables."""
    if not Plan.objects.exists():
        importlib.import_module("billing.migrations.0002_five_plans").make_plans(apps, None)


def make_licensed_account(
    *, plan: str = "pro", until: dt.datetime | None = None, now: dt.datetime = NOW, **overrides: Any
) -> Account:
    """An account that was granted a plan at `now`, until a time or without end; it may send from then on."""
    make_plans()
    account = make_account(**overrides)
    plans.change_plan(account=account, plan=plan, until=until, reason="teste", by=None, now=now)
    return account
