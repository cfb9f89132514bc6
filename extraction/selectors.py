"""Reads of lists, leads and imports. Everything starts from an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from accounts.models import Account
from extraction.domain.reading import Reading, as_expected_json
from extraction.domain.rows import Outcome, Row
from extraction.models import ImportRow, Lead, LeadImport, LeadList

CHUNK = 1_000  # rows held in memory while a whole list is walked

# SQLite folds the case of ASCII only, and no database here ignores accents by itself: people type "jose" for "José".
_ACCENTED = {"a": "áàâãä", "c": "ç", "e": "éèêë", "i": "íìîï", "n": "ñ", "o": "óòôõö", "u": "úùûü"}
_SPELLINGS = {spelling: base for base, accented in _ACCENTED.items() for spelling in (base, *accented)}


@dataclass(frozen=True)
class LeadFilter:
    """Which leads of a list are wanted; the defaults mean all."""

    search: str = ""  # part of a name, or of a phone however it is spelled
    contactable: bool | None = None
    city: str = ""


def list_lists(account: Account) -> QuerySet[LeadList]:
    """The account's lists, newest first."""
    return LeadList.objects.filter(account=account).order_by("-created_at", "-id")


@dataclass(frozen=True)
class Totals:
    """What all lists of an account hold together, by their counters."""

    lists: int
    leads: int
    contactable: int


def account_totals(account: Account) -> Totals:
    """The sums over the account's lists. A phone in two lists counts twice, as it does on the lists' rows."""
    sums = LeadList.objects.filter(account=account).aggregate(
        lists=Count("id"), leads=Sum("lead_count", default=0), contactable=Sum("contactable_count", default=0)
    )
    return Totals(**sums)


def find_list(account: Account, list_id: int) -> LeadList | None:
    """The account's list, or None."""
    return LeadList.objects.filter(account=account, pk=list_id).first()


def list_leads(account: Account, *, lead_list: LeadList, wanted: LeadFilter | None = None) -> QuerySet[Lead]:
    """The list's leads that `wanted` describes, in the order in which they came."""
    wanted = wanted or LeadFilter()
    leads = Lead.objects.filter(account=account, list=lead_list)
    if wanted.contactable is not None:
        leads = leads.filter(contactable=wanted.contactable)
    if wanted.city:
        leads = leads.filter(city=wanted.city.replace("\0", ""))
    if text := " ".join(wanted.search.replace("\0", "").split()):
        leads = leads.filter(_matches(text))
    return leads.order_by("id")


def walk_leads(account: Account, *, lead_list: LeadList, wanted: LeadFilter) -> Iterator[Lead]:
    """The same leads one by one, however many: pages by id, so that neither memory nor a cursor is held."""
    leads = list_leads(account, lead_list=lead_list, wanted=wanted)
    last = 0
    while chunk := list(leads.filter(pk__gt=last)[:CHUNK]):
        yield from chunk
        last = chunk[-1].pk


def common_cities(account: Account, *, lead_list: LeadList, limit: int = 6) -> list[str]:
    """The cities with most leads of the list, most first."""
    leads = Lead.objects.filter(account=account, list=lead_list).exclude(city="")
    counted = leads.values("city").annotate(leads=Count("id")).order_by("-leads", "city")
    return [row["city"] for row in counted[:limit]]


def list_imports(account: Account) -> QuerySet[LeadImport]:
    """The account's imports with list and sender, newest first."""
    imports = LeadImport.objects.filter(account=account).select_related("list", "created_by")
    return imports.order_by("-created_at", "-id")


def find_import(account: Account, import_id: int) -> LeadImport | None:
    """The account's import with list and sender, or None."""
    return list_imports(account).filter(pk=import_id).first()


def count_imports(account: Account, *, lead_list: LeadList) -> int:
    """How many imports went into the list."""
    return LeadImport.objects.filter(account=account, list=lead_list).count()


def list_import_rows(
    account: Account, *, lead_import: LeadImport, outcome: str = "", reason: str = "", repaired: bool = False
) -> QuerySet[ImportRow]:
    """What became of the file's rows, in its order; only one outcome or reason, or rows with a repair, where asked for."""
    rows = ImportRow.objects.filter(lead_import__account=account, lead_import=lead_import)
    if outcome:
        rows = rows.filter(outcome=outcome)
    if reason:
        rows = rows.filter(reason=reason)
    if repaired:
        rows = rows.exclude(repair=[])
    return rows.order_by("line")


def walk_import_rows(account: Account, *, lead_import: LeadImport, outcome: str = "") -> Iterator[ImportRow]:
    """The same rows one by one, however many."""
    rows = list_import_rows(account, lead_import=lead_import, outcome=outcome)
    last = 0
    while chunk := list(rows.filter(line__gt=last)[:CHUNK]):
        yield from chunk
        last = chunk[-1].line


def count_reasons(account: Account, *, lead_import: LeadImport, outcome: str) -> dict[str, int]:
    """How many rows of this outcome there are for each reason, most first."""
    rows = ImportRow.objects.filter(lead_import__account=account, lead_import=lead_import, outcome=outcome)
    counted = rows.values("reason").annotate(rows=Count("id")).order_by("-rows", "reason")
    return {row["reason"]: row["rows"] for row in counted}


def import_report(lead_import: LeadImport) -> dict[str, Any]:
    """The import as `import_list --json` prints it: how the file was read, counts, reasons and every row, as stored."""
    was_read = lead_import.status != LeadImport.Status.REJECTED
    reading = Reading(
        outcome="imported" if was_read else "rejected",
        reason=lead_import.reason or None,
        read=lead_import.read if was_read else None,
    )
    rows = walk_import_rows(lead_import.account, lead_import=lead_import)
    return {
        "upload_name": lead_import.upload_name,
        "bytes": lead_import.bytes,
        "default_ddd": lead_import.default_ddd or None,
        **as_expected_json(reading, (_row(row) for row in rows)),
    }


def _row(row: ImportRow) -> Row:
    return Row(
        line=row.line,
        outcome=Outcome(row.outcome),
        cells=(),
        reason=row.reason or None,
        name=row.name or None,
        phone=row.phone or None,
        kind=row.kind or None,
        contactable=row.contactable,
        col=row.col,
        repair=tuple(row.repair),
        duplicate_of=row.duplicate_of,
    )


def _matches(text: str) -> Q:
    name = Q(name__iregex=_spelling_pattern(text))
    digits = "".join(char for char in text if char.isdecimal() and char.isascii())
    is_phone = len(digits) >= 3 and not any(char.isalpha() for char in text)
    return name | Q(phone__contains=digits) if is_phone else name


def _spelling_pattern(text: str) -> str:
    """A pattern that finds the text whatever its accents and case; no part of it repeats, so it is fast on any text."""
    parts: list[str] = []
    for char in text.lower()[:100]:
        base = _SPELLINGS.get(char)
        if base is not None:
            accented = _ACCENTED[base]
            parts.append(f"[{base}{base.upper()}{accented}{accented.upper()}]")
        else:
            parts.append(re.escape(char) if char.isascii() else char)
    return "".join(parts)
