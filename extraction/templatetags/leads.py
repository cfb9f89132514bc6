"""Words of leads and imports for templates. They decide nothing and query nothing."""

from __future__ import annotations

from django import template

from extraction import texts
from extraction.models import ImportRow, Lead, LeadImport

register = template.Library()


@register.filter
def row_reason(code: str) -> str:
    """Why a row became no lead, or a lead cannot be messaged."""
    return texts.ROW_REASONS.get(code, code)


@register.filter
def row_advice(code: str) -> str:
    """What can be done about it; empty where nothing must be."""
    return texts.ROW_ADVICE.get(code, "")


@register.filter
def file_reason(code: str) -> str:
    """Why a whole file was refused, and what to do."""
    return texts.FILE_REASONS.get(code, code)


@register.filter
def kind_word(lead: Lead | ImportRow) -> str:
    """ "Celular", "Fixo", …"""
    return texts.KINDS.get(lead.kind, "")


@register.filter
def repair_words(row: ImportRow) -> str:
    """What was changed in the number of a row."""
    return ", ".join(texts.REPAIRS.get(code, code) for code in row.repair)


@register.filter
def equation(lead_import: LeadImport) -> str:
    """ "44 linhas = 22 criadas + 3 repetidas + …"."""
    return texts.equation(lead_import)


@register.filter
def first_cells(row: ImportRow) -> str:
    """The beginning of a refused row, as it stood in the file."""
    shown = " · ".join(cell.strip() for cell in row.cells if cell.strip())
    return shown if len(shown) <= 140 else f"{shown[:139]}…"
