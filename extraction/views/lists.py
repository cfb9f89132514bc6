"""Lists, and the leads of one."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import clock
from accounts.access import AccountRequest, member_required, operator_required
from extraction import texts
from extraction.access import access_list
from extraction.errors import ExtractionError
from extraction.forms import DeleteListForm, ListNameForm
from extraction.models import LeadList
from extraction.selectors import (
    LeadFilter,
    account_totals,
    common_cities,
    count_imports,
    list_imports,
    list_leads,
    list_lists,
)
from extraction.services import lists
from extraction.views.links import Chips

PER_PAGE = 50
RECENT_IMPORTS = 5


@require_safe
@member_required
def lead_lists(request: AccountRequest) -> HttpResponse:
    return _lists_page(request, ListNameForm(), status=200)


@require_POST
@operator_required
def list_create(request: AccountRequest) -> HttpResponse:
    form = ListNameForm(request.POST)
    if not form.is_valid():
        return _lists_page(request, form, status=422)
    try:
        made = lists.create_list(account=request.membership.account, name=form.cleaned_data["name"], now=clock.now())
    except ExtractionError as error:
        form.add_error("name", texts.of(error))
        return _lists_page(request, form, status=422)
    return redirect("extraction:list", list_id=made.pk)


@require_safe
@member_required
def lead_list(request: AccountRequest, list_id: int) -> HttpResponse:
    return _list_page(request, access_list(request.membership, list_id))


@require_POST
@operator_required
def list_rename(request: AccountRequest, list_id: int) -> HttpResponse:
    chosen = access_list(request.membership, list_id)
    form = ListNameForm(request.POST)
    if form.is_valid():
        try:
            lists.rename_list(lead_list=chosen, name=form.cleaned_data["name"])
        except ExtractionError as error:
            form.add_error("name", texts.of(error))
        else:
            messages.success(request, "Lista renomeada.")
            return redirect("extraction:list", list_id=chosen.pk)
    return _list_page(request, chosen, rename_form=form)


@require_POST
@operator_required
def list_delete(request: AccountRequest, list_id: int) -> HttpResponse:
    chosen = access_list(request.membership, list_id)
    form = DeleteListForm(request.POST, lead_list=chosen)
    if not form.is_valid():
        return _list_page(request, chosen, delete_form=form)
    try:
        lists.delete_list(lead_list=chosen)
    except ExtractionError as error:
        messages.error(request, texts.of(error))
        return redirect("extraction:list", list_id=chosen.pk)
    messages.success(request, f"A lista “{chosen.name}” foi excluída.")
    return redirect("extraction:lists")


def _lists_page(request: AccountRequest, form: Form, *, status: int) -> HttpResponse:
    account = request.membership.account
    context = {
        "page": Paginator(list_lists(account), PER_PAGE).get_page(request.GET.get("page")),
        "totals": account_totals(account),
        "imports": list_imports(account)[:RECENT_IMPORTS],
        "form": form,
        "can_operate": request.membership.can_operate,
    }
    return render(request, "extraction/lists.html", context, status=status)


def _list_page(
    request: AccountRequest, chosen: LeadList, *, rename_form: Form | None = None, delete_form: Form | None = None
) -> HttpResponse:
    """The list's page, with the form that was refused where one was."""
    account = request.membership.account
    chips = Chips(request.GET, kept=("q", "contactable", "city"))
    contactable = {"1": True, "0": False}.get(chips.value("contactable"))
    wanted = LeadFilter(search=chips.value("q"), contactable=contactable, city=chips.value("city"))
    cities = common_cities(account, lead_list=chosen) if chosen.lead_count else []
    if wanted.city and wanted.city not in cities:
        cities.append(wanted.city)
    context = {
        "lead_list": chosen,
        "page": Paginator(list_leads(account, lead_list=chosen, wanted=wanted), PER_PAGE).get_page(
            request.GET.get("page")
        ),
        "query": chips.query,
        "search": wanted.search,
        "is_filtered": bool(chips.query),
        "export_query": _export_query(wanted),
        "filters": [
            chips.chip("contactable", "1", "Podem receber"),
            chips.chip("contactable", "0", "Não podem receber"),
            *(chips.chip("city", city, city) for city in cities),
        ],
        "rename_form": rename_form or ListNameForm(initial={"name": chosen.name}, auto_id="rename_%s"),
        "delete_form": delete_form or DeleteListForm(lead_list=chosen),
        "use": lists.list_use(lead_list=chosen),
        "import_count": count_imports(account, lead_list=chosen),
        "can_operate": request.membership.can_operate,
    }
    return render(request, "extraction/list.html", context, status=422 if rename_form or delete_form else 200)


def _export_query(wanted: LeadFilter) -> str:
    """The filters of the page under the names of the API's export; ends in "&" unless empty."""
    pairs = [("search", wanted.search), ("city", wanted.city)]
    if wanted.contactable is not None:
        pairs.append(("contactable", "true" if wanted.contactable else "false"))
    query = urlencode([(name, value) for name, value in pairs if value])
    return f"{query}&" if query else ""
