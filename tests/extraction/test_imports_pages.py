"""Sending a spreadsheet from the portal, and the page of an import in each of its states."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from accounts.models import Membership
from extraction.models import LeadImport, LeadList
from tests.extraction.rows import make_import, make_list, many, run, sheet
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def send(browser: Client, *, name: str = "clientes de maio.csv", content: bytes | None = None, **fields: str) -> Any:
    file = SimpleUploadedFile(name, sheet("Ana;98765-4321") if content is None else content)
    return browser.post("/leads/import/", {"file": file, **fields})


def page_of(browser: Client, lead_import: LeadImport, query: str = "") -> str:
    answer = browser.get(f"/imports/{lead_import.pk}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def lead_list(ana: Membership) -> LeadList:
    return make_list(ana.account)


@pytest.fixture
def done(lead_list: LeadList) -> LeadImport:
    """One row of each kind, and a number that was completed."""
    rows = (
        "Ana;98765-4321;1",
        "Bia;(11) 98765-4321;1",
        "Caio;190;1",
        ";;",
        "Duda;(11) 91234-5678;0",
        "=1+1;0800 123 4567;1",
    )
    lead_import = make_import(lead_list, sheet(*rows, header="nome;telefone;status"), ddd="11")
    run(lead_import)
    return lead_import


def test_a_file_without_a_list_makes_one_of_its_name(ana_browser: Client, ana: Membership) -> None:
    answer = send(ana_browser, default_ddd="11")

    lead_import = LeadImport.objects.get()
    assert answer["Location"] == f"/imports/{lead_import.pk}/"
    assert (lead_import.list.name, lead_import.default_ddd) == ("clientes de maio", "11")
    assert (lead_import.account, lead_import.created_by) == (ana.account, ana.user)


def test_a_file_goes_into_the_chosen_list_or_the_named_one(ana_browser: Client, lead_list: LeadList) -> None:
    send(ana_browser, list=str(lead_list.pk), list_name="Não vale")
    send(ana_browser, list_name="Maio")

    names = LeadImport.objects.order_by("id").values_list("list__name", flat=True)
    assert list(names) == ["Clientes", "Maio"]
    assert f'value="{lead_list.pk}" selected' in ana_browser.get(f"/leads/import/?list={lead_list.pk}").content.decode()


def test_what_is_wrong_is_said_beside_the_field(ana_browser: Client, caio: Membership, settings: Settings) -> None:
    foreign = make_list(caio.account)
    assert "Escolha a planilha" in ana_browser.post("/leads/import/", {}).content.decode()
    assert send(ana_browser, list=str(foreign.pk)).status_code == 422
    assert send(ana_browser, default_ddd="10").status_code == 422
    settings.UPLOAD_MAX_BYTES = 2**20
    too_large = send(ana_browser, content=b"x" * (2**20 + 1))
    assert (too_large.status_code, "passa de 1 MB" in too_large.content.decode()) == (422, True)
    assert not LeadImport.objects.exists()
    assert not LeadList.objects.exclude(pk=foreign.pk).exists()  # a refused file leaves no empty list behind


def test_an_open_import_is_followed_until_it_ends(ana_browser: Client, lead_list: LeadList) -> None:
    lead_import = make_import(lead_list, many(3))
    page = page_of(ana_browser, lead_import)
    assert f'hx-get="/imports/{lead_import.pk}/progress/"' in page
    assert "every 2s" in page
    progress = ana_browser.get(f"/imports/{lead_import.pk}/progress/")
    assert "HX-Refresh" not in progress.headers

    run(lead_import)

    assert ana_browser.get(f"/imports/{lead_import.pk}/progress/")["HX-Refresh"] == "true"
    assert "hx-get" not in page_of(ana_browser, lead_import)


def test_the_result_is_an_equation_and_every_row_has_a_reason(ana_browser: Client, done: LeadImport) -> None:
    page = page_of(ana_browser, done)

    assert "6 linhas = 1 criada + 1 repetida + 2 rejeitadas + 1 em branco + 1 não pronta" in page
    assert "O número está incompleto" in page  # the refused rows come first
    assert "Complete o número, com DDD." in page
    assert "Igual à linha 2" in page_of(ana_browser, done, "?outcome=duplicate")
    assert "não está em 1" in page_of(ana_browser, done, "?outcome=not_ready")
    assert "Linha em branco" in page_of(ana_browser, done, "?outcome=blank")
    assert "DDD padrão acrescentado" in page_of(ana_browser, done, "?outcome=created&repaired=1")
    one = page_of(ana_browser, done, "?outcome=rejected&reason=too_short")
    assert ("Caio" in one, "=1+1" in one) == (True, False)
    assert "Caio" in page_of(ana_browser, done, "?outcome=outra&reason=nada&page=99")


def test_the_page_says_how_the_file_was_read(ana_browser: Client, lead_list: LeadList) -> None:
    lead_import = make_import(lead_list, sheet("Ana;(11) 98765-4321;5", header="nome;telefone;Limite de crédito"))
    run(lead_import)

    page = page_of(ana_browser, lead_import)

    for word in ("ponto e vírgula", "linha 1", "Telefone", "{limite_de_credito}"):
        assert word in page


def test_refused_rows_are_given_back_with_their_reason(ana_browser: Client, done: LeadImport) -> None:
    answer: Any = ana_browser.get(f"/imports/{done.pk}/rejected/")

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text), delimiter=";")) == [
        ["nome", "telefone", "status", "Linha na planilha", "Por que não entrou"],
        ["Caio", "190", "1", "4", "O número está incompleto. Complete o número, com DDD."],
        ["'=1+1", "0800 123 4567", "1", "7", "É um 0800 ou parecido: não recebe WhatsApp."],
    ]
    assert "rejeitadas.csv" in answer["Content-Disposition"]


def test_a_refused_file_says_why_and_what_to_do(ana_browser: Client, lead_list: LeadList) -> None:
    lead_import = make_import(lead_list, b"")
    run(lead_import)

    page = page_of(ana_browser, lead_import)

    assert "O arquivo está vazio" in page
    assert f"/leads/import/?list={lead_list.pk}" in page


def test_an_interrupted_import_is_tried_again_from_its_page(ana_browser: Client, lead_list: LeadList) -> None:
    lead_import = make_import(lead_list, many(2))
    LeadImport.objects.update(status="failed", reason="interrupted", tries=3)
    assert "tente de novo" in page_of(ana_browser, lead_import)

    ana_browser.post(f"/imports/{lead_import.pk}/retry/")
    run(lead_import)

    assert lead_import.status == "done"
    again = ana_browser.post(f"/imports/{lead_import.pk}/retry/", follow=True)
    assert "não está parada" in again.content.decode()


def test_an_import_is_undone_from_its_page(ana_browser: Client, done: LeadImport) -> None:
    assert "Desfazer esta importação?" in page_of(ana_browser, done)

    answer = ana_browser.post(f"/imports/{done.pk}/undo/", follow=True)

    page = answer.content.decode()
    assert "Importação desfeita. 1 lead saiu da lista" in page
    assert "Desfazer esta importação?" not in page
    again = ana_browser.post(f"/imports/{done.pk}/undo/", follow=True)
    assert "uma vez só" in again.content.decode()


def test_history_is_on_both_pages(ana_browser: Client, done: LeadImport) -> None:
    for address in ("/leads/", "/leads/import/"):
        page = ana_browser.get(address).content.decode()
        assert "clientes.csv" in page
        assert f"/imports/{done.pk}/?outcome=rejected" in page


ACTIONS = ("undo/", "retry/")


def test_another_accounts_import_is_not_found(caio_browser: Client, done: LeadImport) -> None:
    for path in ("", "progress/", "rejected/"):
        assert caio_browser.get(f"/imports/{done.pk}/{path}").status_code == 404
    for path in ACTIONS:
        assert caio_browser.post(f"/imports/{done.pk}/{path}").status_code == 404


def test_a_viewer_reads_imports_and_sends_none(beto_browser: Client, done: LeadImport) -> None:
    assert "Desfazer" not in page_of(beto_browser, done)
    assert beto_browser.get("/leads/import/").status_code == 403
    assert send(beto_browser).status_code == 403
    for path in ACTIONS:
        assert beto_browser.post(f"/imports/{done.pk}/{path}").status_code == 403
    done.refresh_from_db()
    assert done.undone_at is None
    assert LeadImport.objects.count() == 1
    assert done.created_at == NOW
