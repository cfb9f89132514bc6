"""What the page of an import shows: steps, how the file was read, and its rows by outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from accounts.models import Account
from extraction import texts
from extraction.models import LeadImport
from extraction.selectors import count_reasons, list_import_rows
from extraction.views.links import Chip

OUTCOMES = {
    "created": "Criadas",
    "duplicate": "Repetidas",
    "rejected": "Rejeitadas",
    "not_ready": "Não prontas",
    "blank": "Em branco",
}


def steps_at(now: str) -> list[dict[str, str]]:
    """The two steps of an import, `now` being "file" or "result"."""
    is_first = now == "file"
    return [
        {"label": "Arquivo", "url": reverse("extraction:import_new"), "state": "now" if is_first else "done"},
        {"label": "Resultado", "url": "", "state": "next" if is_first else "now"},
    ]


def header_of(lead_import: LeadImport) -> list[str]:
    """A heading for each column of the file, from the first one; a name that an import understands where it had none."""
    columns = {column["col"]: column for column in lead_import.read.get("columns", [])}
    return [_heading(col, columns.get(col)) for col in range(max(columns, default=-1) + 1)]


def _heading(col: int, column: dict[str, Any] | None) -> str:
    if column is None:
        return f"coluna_{col + 1}"
    return str(column["header"] or column.get("key") or column["field"])


@dataclass(frozen=True)
class FileRead:
    """How the file was understood, in words."""

    columns: list[tuple[str, str, bool]]  # (heading, what it is, whether it is a plain column of the sheet)
    facts: list[tuple[str, str]]
    ignored: list[str]  # sheets, with the reason

    @classmethod
    def of(cls, lead_import: LeadImport) -> FileRead:
        read = lead_import.read
        columns = []
        for column in read.get("columns", []):
            is_variable = column["field"] == "variable"
            meaning = "{" + column["key"] + "}" if is_variable else texts.FIELDS.get(column["field"], column["field"])
            columns.append((column["header"] or f"Coluna {column['col'] + 1}", meaning, is_variable))
        ignored = [
            f"{sheet['name']}: {texts.SHEETS_IGNORED.get(sheet['why'], sheet['why'])}"
            for sheet in read.get("sheets_ignored", [])
        ]
        return cls(columns, _facts(read, lead_import), ignored)


def _facts(read: dict[str, Any], lead_import: LeadImport) -> list[tuple[str, str]]:
    row = read.get("header_row")
    facts = [
        ("Formato", texts.FORMATS.get(read.get("format", ""), read.get("format", ""))),
        ("Aba", read.get("sheet", "")),
        ("Colunas separadas por", texts.DELIMITERS.get(read.get("delimiter", ""), read.get("delimiter", ""))),
        ("Codificação", str(read.get("encoding", ""))),
        ("Cabeçalho", "não tem: colunas reconhecidas pelo conteúdo" if row is None else f"linha {row + 1}"),
        ("DDD padrão", lead_import.default_ddd),
    ]
    return [(name, value) for name, value in facts if value]


@dataclass(frozen=True)
class RowTabs:
    """Which rows are shown, and the ways to the others."""

    outcome: str
    reason: str
    repaired: bool
    tabs: list[dict[str, Any]]
    reasons: list[Chip]  # filters of the chosen outcome, most rows first

    @classmethod
    def of(cls, given: QueryDict, account: Account, lead_import: LeadImport) -> RowTabs:
        """What the address asks for; by default the refused rows, where a person may have something to do."""
        counts = {outcome: getattr(lead_import, f"{outcome}_count") for outcome in OUTCOMES}
        repaired_count = _count_repaired(account, lead_import)
        outcome = given.get("outcome", "")
        if outcome not in OUTCOMES:
            outcome = "rejected" if counts["rejected"] else "created"
        repaired = outcome == "created" and given.get("repaired") == "1"
        reasons = count_reasons(account, lead_import=lead_import, outcome=outcome)
        reason = given.get("reason", "")
        reason = reason if reason in reasons else ""
        tabs = [
            _tab(f"?outcome={name}", label, counts[name], name == outcome and not repaired)
            for name, label in OUTCOMES.items()
            if counts[name] or name in ("created", "rejected")
        ]
        if repaired_count:
            tabs.append(_tab("?outcome=created&repaired=1", "Com correção", repaired_count, repaired))
        filters = [
            Chip(
                f"?outcome={outcome}" + ("" if code == reason else f"&reason={code}"),
                f"{texts.ROW_REASONS.get(code, code)} ({count})",
                is_active=code == reason,
            )
            for code, count in reasons.items()
            if len(reasons) > 1
        ]
        return cls(outcome=outcome, reason=reason, repaired=repaired, tabs=tabs, reasons=filters)

    @property
    def query(self) -> str:
        """The choice as "a=1&b=2", for the pager."""
        chosen = {"outcome": self.outcome, "reason": self.reason, "repaired": "1" if self.repaired else ""}
        return urlencode({name: value for name, value in chosen.items() if value})


def _tab(url: str, label: str, count: int, is_active: bool) -> dict[str, Any]:
    return {"url": url, "label": label, "count": count, "is_active": is_active}


def _count_repaired(account: Account, lead_import: LeadImport) -> int:
    return list_import_rows(account, lead_import=lead_import, outcome="created", repaired=True).count()
