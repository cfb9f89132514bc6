"""Lists, leads and uploads for the tests of leads."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from django.core.files.base import ContentFile

from accounts.models import Account
from extraction.models import Lead, LeadImport, LeadList
from extraction.services import imports
from tests.factories import NOW

_numbers = itertools.count(1)


def make_list(account: Account, name: str = "Clientes", **fields: Any) -> LeadList:
    """An empty list."""
    return LeadList.objects.create(account=account, name=name, **fields)


def make_lead(lead_list: LeadList, phone: str = "", **fields: Any) -> Lead:
    """A lead of the list that may be messaged, counted."""
    phone = phone or f"+55119{80_000_000 + next(_numbers)}"
    defaults = {"name": "Ana", "kind": "mobile", "contactable": True}
    lead = Lead.objects.create(account_id=lead_list.account_id, list=lead_list, phone=phone, **{**defaults, **fields})
    lead_list.lead_count += 1
    lead_list.contactable_count += lead.contactable
    lead_list.save(update_fields=["lead_count", "contactable_count"])
    return lead


def sheet(*rows: str, header: str = "nome;telefone") -> bytes:
    """A CSV file of these rows."""
    return "\n".join([header, *rows, ""]).encode()


def many(count: int, *, first: int = 0) -> bytes:
    """A CSV file of `count` people with numbers of their own."""
    return sheet(*(f"Pessoa {n};(11) 9{70_000_000 + n:08d}" for n in range(first, first + count)))


def make_import(lead_list: LeadList, content: bytes, *, name: str = "clientes.csv", ddd: str = "") -> LeadImport:
    """A queued import of these bytes."""
    upload = ContentFile(content, name=name)
    return imports.create_import(
        account=lead_list.account, lead_list=lead_list, upload=upload, default_ddd=ddd, by=None, now=NOW
    )


def run(*imported: LeadImport, now: dt.datetime = NOW) -> None:
    """Run what waits and read these imports again."""
    imports.run_due(now=now)
    for lead_import in imported:
        lead_import.refresh_from_db()


def outcome_counts(lead_import: LeadImport) -> dict[str, int]:
    """The import's counters that are not zero."""
    names = ("created", "duplicate", "rejected", "blank", "not_ready")
    return {name: value for name in names if (value := getattr(lead_import, f"{name}_count"))}
