"""Sending a spreadsheet, following it, and seeing what became of each row."""

from __future__ import annotations

from pathlib import PurePath

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock
from accounts.access import AccountRequest, member_required, operator_required
from extraction import texts
from extraction.access import access_import
from extraction.api.files import csv_response
from extraction.errors import ExtractionError
from extraction.forms import ImportForm
from extraction.models import LeadImport
from extraction.selectors import list_import_rows, list_imports, walk_import_rows
from extraction.services import exports, imports, undo
from extraction.tasks import wake_imports
from extraction.views.presenting import FileRead, RowTabs, header_of, steps_at

PER_PAGE = 50
HISTORY = 20
OPEN = (LeadImport.Status.QUEUED, LeadImport.Status.RUNNING)


@require_http_methods(["GET", "HEAD", "POST"])
@operator_required
def import_new(request: AccountRequest) -> HttpResponse:
    if request.method != "POST":
        chosen = request.GET.get("list", "")
        initial = {"list": chosen} if chosen.isdigit() else {}
        return _new_page(request, ImportForm(account=request.membership.account, initial=initial))
    form = ImportForm(request.POST, request.FILES, account=request.membership.account)
    if form.is_valid():
        try:
            return redirect("extraction:import", import_id=_store(request, form).pk)
        except ExtractionError as error:
            form.add_error("file", texts.of(error))
    return _new_page(request, form)


@require_safe
@member_required
def import_detail(request: AccountRequest, import_id: int) -> HttpResponse:
    lead_import = access_import(request.membership, import_id)
    context = {
        "lead_import": lead_import,
        "steps": steps_at("result"),
        "is_open": lead_import.status in OPEN,
        "can_operate": request.membership.can_operate,
    }
    if lead_import.status == LeadImport.Status.DONE:
        tabs = RowTabs.of(request.GET, request.membership.account, lead_import)
        rows = list_import_rows(
            request.membership.account,
            lead_import=lead_import,
            outcome=tabs.outcome,
            reason=tabs.reason,
            repaired=tabs.repaired,
        )
        context |= {
            "rows": tabs,
            "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
            "query": tabs.query,
            "read": FileRead.of(lead_import),
            "undo_text": texts.undo_question(lead_import),
        }
    return render(request, "extraction/import.html", context)


@require_safe
@member_required
def import_progress(request: AccountRequest, import_id: int) -> HttpResponse:
    """The part of the page that asks for itself while the import is open; when it ended, the page loads again, whole."""
    lead_import = access_import(request.membership, import_id)
    response = render(request, "extraction/_import_progress.html", {"lead_import": lead_import, "is_open": True})
    if lead_import.status not in OPEN:
        response.headers["HX-Refresh"] = "true"
    return response


@require_safe
@member_required
def import_rejected(request: AccountRequest, import_id: int) -> HttpResponseBase:
    """The refused rows as they were, with the reason: to be put right and sent again."""
    lead_import = access_import(request.membership, import_id)
    rows = walk_import_rows(request.membership.account, lead_import=lead_import, outcome="rejected")
    table = exports.rejected_table(
        header=header_of(lead_import),
        rows=((row.line, texts.row_sentence(row.reason), row.cells) for row in rows),
    )
    return csv_response(table, filename=f"{PurePath(lead_import.upload_name).stem} - rejeitadas.csv")


@require_POST
@operator_required
def import_undo(request: AccountRequest, import_id: int) -> HttpResponse:
    lead_import = access_import(request.membership, import_id)
    try:
        count = undo.undo_import(lead_import=lead_import, now=clock.now())
    except ExtractionError as error:
        messages.error(request, texts.of(error))
    else:
        gone = "Nenhum lead saiu" if not count else "1 lead saiu" if count == 1 else f"{count} leads saíram"
        messages.success(request, f"Importação desfeita. {gone} da lista “{lead_import.list.name}”.")
    return redirect("extraction:import", import_id=lead_import.pk)


@require_POST
@operator_required
def import_retry(request: AccountRequest, import_id: int) -> HttpResponse:
    lead_import = access_import(request.membership, import_id)
    try:
        imports.retry_import(lead_import=lead_import)
    except ExtractionError as error:
        messages.error(request, texts.of(error))
    else:
        wake_imports()
    return redirect("extraction:import", import_id=lead_import.pk)


def _store(request: AccountRequest, form: ImportForm) -> LeadImport:
    data = form.cleaned_data
    name = data["list_name"] or PurePath(data["file"].name).stem or "Planilha"
    made = imports.create_import(
        account=request.membership.account,
        lead_list=data["list"] or name,
        upload=data["file"],
        default_ddd=data["default_ddd"],
        by=request.user,
        now=clock.now(),
    )
    wake_imports()
    return made


def _new_page(request: AccountRequest, form: ImportForm) -> HttpResponse:
    context = {
        "form": form,
        "steps": steps_at("file"),
        "imports": list_imports(request.membership.account)[:HISTORY],
    }
    return render(request, "extraction/import_new.html", context, status=422 if form.errors else 200)
