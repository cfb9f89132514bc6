"""Rows and payloads for the tests of billing."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import json
from pathlib import Path
from typing import Any

from accounts.models import Account, Membership, User
from billing.domain.envelope import read_body
from billing.models import PaymentEvent
from billing.services import catalogue, inbox

FIXTURES = Path(__file__).parent.parent / "fixtures" / "hotmart"
_numbers = itertools.count(1)


def make_account(*, email: str | None = None, name: str = "Conta de teste") -> Account:
    """An account with an owner, without any right."""
    account = Account.objects.create(name=name)
    user = User.objects.create_user(email or f"dono{next(_numbers)}@example.com")
    Membership.objects.create(account=account, user=user)
    return account


def payload(name: str, **changes: Any) -> dict[str, Any]:
    """An example payload, e.g. "PURCHASE_APPROVED.renewal", with changes such as data__buyer__email="…"; None removes."""
    body: dict[str, Any] = copy.deepcopy(json.loads((FIXTURES / f"v2_{name}.json").read_text()))
    for path, value in changes.items():
        *parents, last = path.split("__")
        target = body
        for parent in parents:
            target = target[parent]
        if value is None:
            target.pop(last, None)
        else:
            target[last] = value
    return body


def receive(body: dict[str, Any], *, now: dt.datetime) -> PaymentEvent:
    """Store an event as the webhook does and process everything that is due."""
    stored = inbox.store(read_body(json.dumps(body).encode()), now=now)
    inbox.process_due(now=now)
    return PaymentEvent.objects.get(pk=stored.event_id)


def load_example_catalogue(*, now: dt.datetime) -> None:
    """The catalogue that the example payloads belong to."""
    catalogue.load(json.loads((FIXTURES / "catalogue.example.json").read_text()), now=now)
