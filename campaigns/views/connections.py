"""WhatsApp numbers: cards, a new one, test, QR code, pace, removal."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages as flashes
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from accounts import clock
from accounts.access import AccountRequest, member_required, operator_required
from campaigns import texts
from campaigns.access import access_connection
from campaigns.errors import InstanceTaken
from campaigns.forms.connections import PACES, ConnectionForm, PaceForm, initial_pace
from campaigns.models import ConnectionState
from campaigns.selectors.connections import connection_card, connection_cards
from campaigns.services import connections
from leads_infinitos.kernel.errors import DomainError
from leads_infinitos.kernel.http import HostNotAllowed

FOUND = {
    ConnectionState.CONNECTED: "{name} está conectado e pronto para enviar.",
    ConnectionState.CONNECTING: "{name} está conectando. Leia o QR code, se ele aparecer.",
    ConnectionState.DISCONNECTED: "{name} está desconectado. Leia o QR code para conectar.",
    ConnectionState.UNKNOWN: "Não conseguimos falar com o provedor de {name}. Confira os dados ou tente de novo em instantes.",
}
CREDENTIALS_REFUSED = ("auth", "instance_missing")  # codes of a connection's last error


@require_safe
@member_required
def connection_list(request: AccountRequest) -> HttpResponse:
    cards = connection_cards(account=request.membership.account, now=clock.now())
    if request.headers.get("HX-Request"):
        return render(request, "connections/_cards.html", {"cards": cards})
    return render(request, "connections/list.html", {"cards": cards})


@require_http_methods(["GET", "HEAD", "POST"])
@operator_required
def connection_new(request: AccountRequest) -> HttpResponse:
    if request.method != "POST":
        return _new_page(request, ConnectionForm())
    form = ConnectionForm(request.POST)
    if not form.is_valid():
        return _new_page(request, form)
    data, now = form.cleaned_data, clock.now()
    try:
        connection = connections.add_connection(
            account=request.membership.account,
            name=data["name"],
            host=data["host"],
            instance_key=data["instance_key"],
            token=data["token"],
            pace=form.chosen(),
            now=now,
        )
    except DomainError as error:
        fields = {HostNotAllowed: "host", InstanceTaken: "instance_key"}
        form.add_error(fields.get(type(error)), texts.of(error))
        return _new_page(request, form)
    return _check(request, connection.pk)


def _new_page(request: AccountRequest, form: ConnectionForm) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "paces": PACES, "floor_s": settings.MIN_GAP_S}
    return render(request, "connections/new.html", context, status=422 if form.errors else 200)


@require_POST
@operator_required
def connection_check(request: AccountRequest, connection_id: int) -> HttpResponse:
    return _check(request, connection_id)


def _check(request: AccountRequest, connection_id: int) -> HttpResponse:
    connection = access_connection(request.membership, connection_id)
    try:
        connections.check_connection(connection=connection, now=clock.now())
        connection.refresh_from_db(fields=["state", "last_error"])
        # A refused key or token says all; to read the QR code again would not help.
        refused = connection.last_error in CREDENTIALS_REFUSED
        found = "" if refused else FOUND[ConnectionState(connection.state)].format(name=connection.name)
        text = " ".join(filter(None, (found, texts.reason(connection.last_error))))
        is_up = connection.state == ConnectionState.CONNECTED
        (flashes.success if is_up else flashes.warning)(request, text)
    except DomainError as error:
        flashes.error(request, texts.of(error))
    return redirect("campaigns:connections")


@never_cache
@require_GET
@operator_required
def connection_qr(request: AccountRequest, connection_id: int) -> HttpResponse:
    """The code to scan. As a part it asks again every few seconds; once connected it reloads the page."""
    connection = access_connection(request.membership, connection_id)
    code = connections.qr_code(connection=connection)
    context = {"connection": connection, "code": code}
    if not request.headers.get("HX-Request"):
        return render(request, "connections/qr.html", context)
    if code.code == "already_connected":
        _check(request, connection_id)
        return HttpResponse(headers={"HX-Redirect": "/connections/"})
    return render(request, "connections/_qr.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@operator_required
def connection_pace(request: AccountRequest, connection_id: int) -> HttpResponse:
    connection = access_connection(request.membership, connection_id)
    form = PaceForm(request.POST or None, initial=initial_pace(connection))
    if request.method == "POST" and form.is_valid():
        try:
            connections.set_pace(connection=connection, pace=form.chosen(), now=clock.now())
        except DomainError as error:
            form.add_error("gap_min_s", texts.of(error))
        else:
            flashes.success(request, f"Ritmo de {connection.name} atualizado. Vale a partir da próxima mensagem.")
            return redirect("campaigns:connections")
    card = connection_card(account=request.membership.account, connection=connection, now=clock.now())
    context = {"form": form, "card": card, "paces": PACES, "floor_s": settings.MIN_GAP_S}
    return render(request, "connections/pace.html", context, status=422 if form.errors else 200)


@require_POST
@operator_required
def connection_remove(request: AccountRequest, connection_id: int) -> HttpResponse:
    connection = access_connection(request.membership, connection_id)
    try:
        connections.remove_connection(connection=connection, now=clock.now())
        flashes.success(
            request, f"{connection.name} foi removido. O ritmo dele fica guardado, se você conectar de novo."
        )
    except DomainError as error:
        flashes.error(request, texts.of(error))
    return redirect("campaigns:connections")
