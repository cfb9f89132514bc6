"""/leads/: the lists, the leads of one, and what may be done with it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
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


def page_of(browser: Client, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_without_lists_the_page_says_what_to_do(ana_browser: Client, ana: Membership) -> None:
    make_list(make_account(), "De outra conta")

    page = page_of(ana_browser, "/leads/")

    assert "Traga seus contatos" in page
    assert "/leads/import/" in page
    assert "leads-exemplo.csv" in page
    assert "De outra conta" not in page


def test_lists_are_shown_with_their_counts(ana_browser: Client, padaria: LeadList) -> None:
    for _ in range(3):
        make_lead(padaria)
    make_lead(padaria, contactable=False)

    page = page_of(ana_browser, "/leads/")

    assert f"/leads/{padaria.pk}/" in page
    assert ">4</td>" in page
    assert f'/leads/{padaria.pk}/?contactable=1">3</a>' in page


def test_a_list_is_made_from_the_page(ana_browser: Client, ana: Membership) -> None:
    answer = ana_browser.post("/leads/new/", {"name": "Maio"})

    assert answer["Location"] == f"/leads/{LeadList.objects.get(account=ana.account).pk}/"


@pytest.mark.parametrize(("name", "sentence"), [("Clientes", "Você já tem uma lista"), ("", "Dê um nome à lista")])
def test_a_name_that_does_not_serve_is_said_in_the_dialogue(
    ana_browser: Client, padaria: LeadList, name: str, sentence: str
) -> None:
    answer = ana_browser.post("/leads/new/", {"name": name})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert "data-dialog-auto" in answer.content.decode()


def test_leads_are_shown_as_people_read_them(ana_browser: Client, padaria: LeadList) -> None:
    make_lead(padaria, "+5511987654321", name="<b>José</b>", city="Itu", uf="SP")
    make_lead(padaria, "+551132345678", name="", kind="landline", contactable=False, reason="landline")

    page = page_of(ana_browser, f"/leads/{padaria.pk}/")

    assert "(11) 98765-4321" in page
    assert "&lt;b&gt;José&lt;/b&gt;" in page
    assert "<b>José" not in page
    assert "Itu/SP" in page
    assert "Sem nome" in page
    assert "Telefone fixo sem sinal de WhatsApp" in page


def test_search_and_filters_keep_each_other_and_the_export(ana_browser: Client, padaria: LeadList) -> None:
    make_lead(padaria, name="José", city="Itu")
    make_lead(padaria, name="Zeca", city="Itu")
    make_lead(padaria, name="Fixo", city="Betim", contactable=False)

    page = page_of(ana_browser, f"/leads/{padaria.pk}/?q=jose&contactable=1")

    assert "José" in page
    assert "Zeca" not in page
    assert "?q=jose&amp;contactable=1&amp;city=Itu" in page  # a chip adds itself
    assert 'href="?q=jose"' in page  # an active one takes itself away
    assert '<input type="hidden" name="contactable" value="1">' in page
    assert "export/?search=jose&amp;contactable=true&amp;format=csv" in page


def test_nobody_found_is_not_an_empty_list(ana_browser: Client, padaria: LeadList) -> None:
    assert "Esta lista está vazia" in page_of(ana_browser, f"/leads/{padaria.pk}/")
    make_lead(padaria)

    page = page_of(ana_browser, f"/leads/{padaria.pk}/?q=zzz%00")

    assert "Ninguém com esses filtros" in page


def test_a_list_is_renamed_from_the_page(ana_browser: Client, padaria: LeadList) -> None:
    make_list(padaria.account, "Outra")
    address = f"/leads/{padaria.pk}/rename/"

    assert ana_browser.post(address, {"name": "Outra"}).status_code == 422
    assert ana_browser.post(address, {"name": "Nova"}).status_code == 302
    padaria.refresh_from_db()
    assert padaria.name == "Nova"


def test_a_list_is_deleted_by_who_types_its_name(ana_browser: Client, padaria: LeadList) -> None:
    make_lead(padaria)
    address = f"/leads/{padaria.pk}/delete/"
    assert "1 lead" in page_of(ana_browser, f"/leads/{padaria.pk}/")

    wrong = ana_browser.post(address, {"typed": "Outra"})
    assert wrong.status_code == 422
    assert "O nome não confere" in wrong.content.decode()
    assert ana_browser.post(address, {"typed": " clientes "})["Location"] == "/leads/"
    assert not Lead.objects.exists()


def test_a_list_in_use_says_for_whom_and_stays(ana_browser: Client, padaria: LeadList) -> None:
    def guard(*, lead_list: LeadList) -> lists.ListUse:
        return lists.ListUse(open_names=("Natal",), kept_count=7)

    lists.register_guard(guard)
    try:
        assert "Natal" in page_of(ana_browser, f"/leads/{padaria.pk}/")
        answer = ana_browser.post(f"/leads/{padaria.pk}/delete/", {"typed": "Clientes"}, follow=True)
    finally:
        lists.unregister_guard(guard)

    assert "ainda está em uso por: Natal" in answer.content.decode()
    assert LeadList.objects.filter(pk=padaria.pk).exists()


def test_a_viewer_sees_leads_and_no_way_to_change_them(beto_browser: Client, padaria: LeadList) -> None:
    make_lead(padaria)
    for address in ("/leads/", f"/leads/{padaria.pk}/"):
        page = page_of(beto_browser, address)
        assert "Clientes" in page
        for word in ("Nova lista", "Importar planilha", "Renomear", "Excluir", "Criar campanha"):
            assert word not in page
    assert beto_browser.post("/leads/new/", {"name": "x"}).status_code == 403
    for action, field in (("rename", "name"), ("delete", "typed")):
        assert beto_browser.post(f"/leads/{padaria.pk}/{action}/", {field: "Clientes"}).status_code == 403
    assert LeadList.objects.get().name == "Clientes"


def test_another_accounts_list_is_not_found(caio_browser: Client, padaria: LeadList) -> None:
    assert caio_browser.get(f"/leads/{padaria.pk}/").status_code == 404
    for action, field in (("rename", "name"), ("delete", "typed")):
        assert caio_browser.post(f"/leads/{padaria.pk}/{action}/", {field: "Clientes"}).status_code == 404
    assert LeadList.objects.get().name == "Clientes"


def test_nobody_gets_in_without_a_login(client: Client, padaria: LeadList) -> None:
    for address in ("/leads/", f"/leads/{padaria.pk}/", "/leads/import/"):
        assert client.get(address)["Location"].startswith("/login/")


def test_pages_cost_the_same_however_much_they_show(
    ana_browser: Client, padaria: LeadList, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def fill() -> None:
        run(make_import(padaria, many(60, first=padaria.lead_count)))
        padaria.refresh_from_db()
        for _ in range(10):
            make_list(padaria.account, f"Lista {LeadList.objects.count()}")

    fill()
    addresses = [reverse("extraction:lists"), reverse("extraction:list", args=[padaria.pk])]
    counts = {}
    for address in addresses:
        with django_assert_num_queries(15, exact=False) as queries:  # type: ignore[call-arg]
            ana_browser.get(address)
        counts[address] = len(queries)
    fill()
    for address in addresses:
        with django_assert_num_queries(counts[address]):
            ana_browser.get(address)
