"""/api/imports/: sending a file, following it, and the outcome of each row."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Membership
from extraction import tasks
from extraction.models import LeadImport, LeadList
from tests.extraction.rows import make_import, make_list, many, run, sheet
from tests.factories import make_account

pytestmark = pytest.mark.django_db


def send(browser: Client, content: bytes = b"", name: str = "clientes.csv", **fields: str) -> Any:
    file = SimpleUploadedFile(name, content or sheet("Ana;98765-4321", "Bia;190"))
    return browser.post("/api/imports/", {"file": file, **fields})


def test_a_file_goes_into_a_new_list_and_is_followed_to_its_end(ana_browser: Client, ana: Membership) -> None:
    sent = send(ana_browser, list_name="Maio", default_ddd="11")
    assert sent.status_code == 201
    made = sent.json()
    assert (made["status"], made["list_name"], made["upload_name"]) == ("queued", "Maio", "clientes.csv")
    assert LeadImport.objects.get().created_by == ana.user

    run()
    seen = ana_browser.get(f"/api/imports/{made['id']}/").json()

    assert (seen["status"], seen["rows_in_file"], seen["created_count"], seen["rejected_count"]) == ("done", 2, 1, 1)
    assert seen["read"]["phone_columns"] == [1]
    assert seen["list"] == LeadList.objects.get(account=ana.account).pk


def test_the_worker_is_woken_when_the_file_is_stored(
    ana_browser: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    woken: list[bool] = []
    monkeypatch.setattr(tasks.run_imports, "apply_async", lambda **_: woken.append(True))

    with django_capture_on_commit_callbacks(execute=True):
        send(ana_browser, list_name="Maio")

    assert woken == [True]


def test_the_task_runs_what_waits(ana: Membership) -> None:
    lead_import = make_import(make_list(ana.account), many(2))

    assert tasks.run_imports() == 1

    lead_import.refresh_from_db()
    assert lead_import.status == "done"


def test_a_file_goes_into_the_list_of_that_id_or_of_that_name(ana_browser: Client, ana: Membership) -> None:
    lead_list = make_list(ana.account, "Maio")

    by_id = send(ana_browser, list=str(lead_list.pk)).json()
    by_name = send(ana_browser, list_name="Maio").json()

    assert by_id["list"] == by_name["list"] == lead_list.pk


def test_what_is_wrong_with_the_request_is_said_by_field(ana_browser: Client, ana: Membership) -> None:
    lead_list = make_list(ana.account, "Maio")
    cases: tuple[tuple[dict[str, Any], list[str]], ...] = (
        ({}, ["list"]),
        ({"list": str(lead_list.pk), "list_name": "Maio"}, ["list"]),
        ({"list_name": "Maio", "default_ddd": "10"}, ["default_ddd"]),
    )
    for fields, wrong in cases:
        answer = send(ana_browser, **fields)
        assert (answer.status_code, answer.json()["code"], list(answer.json()["fields"])) == (400, "invalid", wrong)
    missing = ana_browser.post("/api/imports/", {"list_name": "Maio"})
    assert (missing.status_code, list(missing.json()["fields"])) == (400, ["file"])
    assert not LeadImport.objects.exists()


def test_a_file_that_is_too_large_is_refused(ana_browser: Client, settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 10

    answer = send(ana_browser, list_name="Maio")

    assert (answer.status_code, answer.json()["code"]) == (409, "upload_too_large")
    assert not LeadList.objects.exists()


def test_an_empty_file_is_an_import_that_says_so(ana_browser: Client) -> None:
    file = SimpleUploadedFile("vazio.csv", b"")
    made = ana_browser.post("/api/imports/", {"file": file, "list_name": "Maio"}).json()
    run()

    seen = ana_browser.get(f"/api/imports/{made['id']}/").json()
    assert (seen["status"], seen["reason"]) == ("rejected", "empty_file")
    assert "vazio" in seen["reason_detail"]


def test_rows_are_shown_by_outcome_with_their_reason(ana_browser: Client, ana: Membership) -> None:
    lead_import = make_import(make_list(ana.account), sheet("Ana;(11) 98765-4321", "Bia;190", "Caio;0800 123 4567"))
    run(lead_import)
    address = f"/api/imports/{lead_import.pk}/rows/"

    assert [row["line"] for row in ana_browser.get(address).json()["results"]] == [2, 3, 4]
    refused = ana_browser.get(f"{address}?outcome=rejected").json()["results"]
    assert [(row["line"], row["reason"], row["cells"]) for row in refused] == [
        (3, "too_short", ["Bia", "190"]),
        (4, "non_geographic", ["Caio", "0800 123 4567"]),
    ]
    assert refused[0]["reason_detail"] == "O número está incompleto"
    assert ana_browser.get(f"{address}?outcome=outro").status_code == 400


def test_another_accounts_import_or_list_is_not_found(caio_browser: Client, ana: Membership) -> None:
    lead_list = make_list(ana.account)
    lead_import = make_import(lead_list, many(1))

    assert caio_browser.get(f"/api/imports/{lead_import.pk}/").status_code == 404
    assert caio_browser.get(f"/api/imports/{lead_import.pk}/rows/").status_code == 404
    assert send(caio_browser, list=str(lead_list.pk)).status_code == 404
    assert caio_browser.get("/api/imports/").json()["count"] == 0
    assert LeadImport.objects.count() == 1


def test_a_viewer_sees_imports_and_sends_none(beto_browser: Client, ana: Membership) -> None:
    make_import(make_list(ana.account), many(1))

    assert beto_browser.get("/api/imports/").json()["count"] == 1
    assert send(beto_browser, list_name="Maio").status_code == 403


def test_the_history_costs_the_same_however_long_it_is(
    ana_browser: Client, ana: Membership, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    lead_list = make_list(ana.account)
    make_import(make_list(make_account()), many(1))
    for _ in range(2):
        make_import(lead_list, many(1))
        with django_assert_num_queries(5):  # session, user, member, count, page
            ana_browser.get("/api/imports/")
        for _ in range(10):
            make_import(lead_list, many(1))


def test_the_api_is_described(ana_browser: Client) -> None:
    described = ana_browser.get("/api/schema/?format=json").json()["paths"]

    assert {"200", "400", "404"} <= described["/api/lists/{id}/export/"]["get"]["responses"].keys()
    assert {"201", "400", "404", "409"} <= described["/api/imports/"]["post"]["responses"].keys()
    assert "multipart/form-data" in described["/api/imports/"]["post"]["requestBody"]["content"]
