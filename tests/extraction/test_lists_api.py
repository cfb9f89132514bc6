"""/api/lists/: lists, their leads and exports, each account its own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from accounts.models import Membership
from extraction.models import Lead, LeadList
from extraction.services import lists
from tests.extraction.rows import make_import, make_lead, make_list, many, run
from tests.factories import make_account

pytestmark = pytest.mark.django_db


@pytest.fixture
def padaria(ana: Membership) -> LeadList:
    return make_list(ana.account, "Clientes")


def rows_of(answer: Any) -> list[list[str]]:
    """The rows of a CSV export, header first."""
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


def test_lists_come_with_their_counters_newest_first(ana_browser: Client, padaria: LeadList) -> None:
    make_lead(padaria)
    make_list(padaria.account, "Outra")
    make_list(make_account(), "De outra conta")

    found = ana_browser.get("/api/lists/").json()["results"]

    assert [row["name"] for row in found] == ["Outra", "Clientes"]
    assert (found[1]["lead_count"], found[1]["contactable_count"]) == (1, 1)


def test_a_list_is_made_renamed_and_deleted(ana_browser: Client) -> None:
    made = ana_browser.post("/api/lists/", {"name": "Maio"}, content_type="application/json")
    assert made.status_code == 201
    address = f"/api/lists/{made.json()['id']}/"

    renamed = ana_browser.patch(address, {"name": "Junho"}, content_type="application/json")
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Junho")
    assert ana_browser.get(address).json()["name"] == "Junho"
    assert ana_browser.delete(address).status_code == 204
    assert ana_browser.get(address).status_code == 404


def test_refusals_have_one_shape(ana_browser: Client, padaria: LeadList) -> None:
    taken = ana_browser.post("/api/lists/", {"name": "Clientes"}, content_type="application/json")
    assert (taken.status_code, taken.json()["code"]) == (409, "list_name_taken")
    assert "Clientes" in taken.json()["detail"]

    empty = ana_browser.post("/api/lists/", {}, content_type="application/json")
    assert (empty.status_code, list(empty.json()["fields"])) == (400, ["name"])


def test_a_list_in_use_is_not_deleted(ana_browser: Client, padaria: LeadList) -> None:
    def guard(*, lead_list: LeadList) -> lists.ListUse:
        return lists.ListUse(open_names=("Natal",))

    lists.register_guard(guard)
    try:
        refused = ana_browser.delete(f"/api/lists/{padaria.pk}/")
    finally:
        lists.unregister_guard(guard)

    assert (refused.status_code, refused.json()["code"]) == (409, "list_in_use")
    assert "Natal" in refused.json()["detail"]


@pytest.mark.parametrize("path", ["", "leads/", "export/?format=csv", "export"])
def test_another_accounts_list_is_not_found(caio_browser: Client, padaria: LeadList, path: str) -> None:
    address = f"/api/lists/{padaria.pk}/"
    assert caio_browser.get(address + path).status_code == 404
    assert caio_browser.delete(address).status_code == 404
    assert caio_browser.patch(address, {"name": "x"}, content_type="application/json").status_code == 404
    assert LeadList.objects.get().name == "Clientes"


def test_a_viewer_reads_and_exports_but_changes_nothing(beto_browser: Client, padaria: LeadList) -> None:
    address = f"/api/lists/{padaria.pk}/"

    assert beto_browser.get(address).status_code == 200
    assert beto_browser.get(f"{address}export?format=csv").status_code == 200
    assert beto_browser.delete(address).status_code == 403
    assert beto_browser.patch(address, {"name": "x"}, content_type="application/json").status_code == 403
    assert beto_browser.post("/api/lists/", {"name": "x"}, content_type="application/json").status_code == 403


def test_nobody_reads_without_a_login(client: Client, padaria: LeadList) -> None:
    assert client.get(f"/api/lists/{padaria.pk}/leads/").status_code == 401


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["José da Silva", "Padaria São João", "Fixo"]),
        ("search=jose", ["José da Silva"]),
        ("search=SAO%20joao", ["Padaria São João"]),
        ("search=são", ["Padaria São João"]),
        ("search=98765-4321", ["José da Silva"]),
        ("search=(11)%203234", ["Fixo"]),
        ("search=(", []),
        ("contactable=true", ["José da Silva", "Padaria São João"]),
        ("contactable=false", ["Fixo"]),
        ("city=Betim", ["Padaria São João"]),
        ("city=Betim&contactable=false", []),
    ],
)
def test_leads_are_found(ana_browser: Client, padaria: LeadList, query: str, names: list[str]) -> None:
    make_lead(padaria, "+5511987654321", name="José da Silva")
    make_lead(padaria, "+5531912345678", name="Padaria São João", city="Betim")
    make_lead(padaria, "+551132345678", name="Fixo", kind="landline", contactable=False, reason="landline")
    make_lead(make_list(padaria.account, "Outra"), name="José de outra lista")

    found = ana_browser.get(f"/api/lists/{padaria.pk}/leads/?{query}").json()["results"]

    assert [row["name"] for row in found] == names


def test_a_bad_filter_is_said_by_its_name(ana_browser: Client, padaria: LeadList) -> None:
    for query, field in (
        ("leads/?contactable=talvez", "contactable"),
        ("leads/?search=%00", "search"),
        ("export?format=pdf", "format"),
    ):
        answer = ana_browser.get(f"/api/lists/{padaria.pk}/{query}")
        assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])


def test_a_page_of_leads_costs_the_same_however_many_there_are(
    ana_browser: Client, padaria: LeadList, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    addresses = {f"/api/lists/{padaria.pk}/leads/": 6, "/api/lists/": 5}  # session, user, member, (list,) count, page
    for _ in range(2):
        for number in range(10):
            make_lead(padaria)
            make_list(padaria.account, f"Lista {LeadList.objects.count()} {number}")
        for address, queries in addresses.items():
            with django_assert_num_queries(queries):
                ana_browser.get(address)


def test_an_export_is_a_csv_that_a_brazilian_excel_opens(ana_browser: Client, padaria: LeadList) -> None:
    padaria.variable_keys = ["limite"]
    padaria.save()
    make_lead(padaria, "+5511987654321", name="José", city="Itu", uf="SP", email="j@x.com", variables={"limite": "5"})
    make_lead(padaria, "+551132345678", name="Fixo", kind="landline", contactable=False)

    answer = ana_browser.get(f"/api/lists/{padaria.pk}/export?format=csv")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="Clientes.csv"'
    assert rows_of(answer) == [
        ["Nome", "Telefone", "Link do WhatsApp", "Cidade", "UF", "E-mail", "Status", "limite"],
        ["José", "(11) 98765-4321", "https://wa.me/5511987654321", "Itu", "SP", "j@x.com", "1", "5"],
        ["Fixo", "(11) 3234-5678", "", "", "", "", "0", ""],
    ]


def test_an_export_holds_only_what_was_asked_for(ana_browser: Client, padaria: LeadList) -> None:
    make_lead(padaria, name="Sim")
    make_lead(padaria, name="Não", contactable=False)

    rows = rows_of(ana_browser.get(f"/api/lists/{padaria.pk}/export?contactable=false"))

    assert [row[0] for row in rows[1:]] == ["Não"]


DANGEROUS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x";"y")']


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_no_cell_of_an_export_is_a_formula(ana_browser: Client, padaria: LeadList, file_format: str) -> None:
    padaria.variable_keys = ["obs"]
    padaria.save()
    for text in DANGEROUS:
        make_lead(padaria, name=text, city=text, variables={"obs": text})
    make_lead(padaria, "+14155552671", name="Fora", kind="foreign", variables={"obs": "-5,50"})

    answer: Any = ana_browser.get(f"/api/lists/{padaria.pk}/export?format={file_format}")

    if file_format == "csv":
        cells = [cell for row in rows_of(answer) for cell in row]
    else:
        sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
        assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "inlineStr", "n"}  # n: empty
        cells = [str(cell.value or "") for row in sheet.iter_rows() for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@")) and cell != "-5,50"] == []
    assert "'=1+1" in cells
    assert "-5,50" in cells


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_what_was_exported_is_imported_as_the_same_leads(
    ana_browser: Client, padaria: LeadList, file_format: str
) -> None:
    padaria.variable_keys = ["instagram", "limite"]
    padaria.save()
    make_lead(padaria, "+5511987654321", name="José; o “bom”", city="Itu", uf="SP", email="j@x.com")
    make_lead(padaria, "+551132345678", name="Fixo com WhatsApp", kind="landline")
    make_lead(padaria, "+5531987654321", name="", variables={"instagram": "@sol", "limite": "-5"})
    for text in DANGEROUS:
        make_lead(padaria, name=text, variables={"instagram": text})
    answer: Any = ana_browser.get(f"/api/lists/{padaria.pk}/export?format={file_format}")

    copy = make_list(padaria.account, "Cópia")
    run(make_import(copy, b"".join(answer.streaming_content)))

    assert told(copy) == told(padaria)
    copy.refresh_from_db()
    assert copy.variable_keys == padaria.variable_keys


def told(lead_list: LeadList) -> list[tuple[Any, ...]]:
    fields = ("name", "phone", "kind", "contactable", "city", "uf", "email", "variables")
    return list(Lead.objects.filter(list=lead_list).order_by("id").values_list(*fields))


def test_a_large_list_is_exported_whole(ana_browser: Client, padaria: LeadList, tmp_path: Path) -> None:
    run(make_import(padaria, many(2_500)))

    answer: Any = ana_browser.get(f"/api/lists/{padaria.pk}/export")

    assert isinstance(answer.streaming_content, Iterator)
    assert len({row[1] for row in rows_of(answer)}) == 2_501
