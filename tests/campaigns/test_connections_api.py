from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Membership
from campaigns.models import Connection
from leads_infinitos.sandbox.client import MegaInstance, SandboxClient
from leads_infinitos.sandbox.running import running_sandbox
from tests.campaigns.rows import give_allowance, make_campaign, make_connection

JSON = "application/json"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client


@pytest.fixture
def instance(sandbox: SandboxClient, settings: Settings) -> MegaInstance:
    settings.GATEWAY_ALLOWED_HOSTS = [sandbox.mega_url]
    return sandbox.add_instance()


@pytest.fixture(autouse=True)
def _right(ana: Membership, caio: Membership) -> None:
    give_allowance(ana.account)
    give_allowance(caio.account)


def body_of(instance: MegaInstance, **changes: object) -> dict[str, object]:
    return {"name": "Loja", "host": instance.host, "instance_key": instance.key, "token": instance.token, **changes}


def test_a_number_is_added_and_found_connected(ana_browser: Client, instance: MegaInstance) -> None:
    made = ana_browser.post("/api/connections/", body_of(instance, gap_min_s=2, gap_max_s=4, daily_cap=9), JSON)
    assert made.status_code == 201, made.json()

    seen = ana_browser.post(f"/api/connections/{made.json()['id']}/check/").json()

    assert (seen["state"], seen["gap_min_s"], seen["gap_max_s"], seen["daily_cap"]) == ("connected", 2, 4, 9)
    assert seen["phone"].startswith("+55")


def test_secrets_go_in_and_never_come_out(ana_browser: Client, instance: MegaInstance) -> None:
    made = ana_browser.post("/api/connections/", body_of(instance), JSON)
    listed = ana_browser.get("/api/connections/")

    for answer in (made, listed):
        assert instance.key not in answer.content.decode()
        assert instance.token not in answer.content.decode()


def test_the_same_instance_twice_is_refused_with_what_to_do(
    ana_browser: Client, caio_browser: Client, instance: MegaInstance
) -> None:
    ana_browser.post("/api/connections/", body_of(instance), JSON)

    here = ana_browser.post("/api/connections/", body_of(instance), JSON)
    elsewhere = caio_browser.post("/api/connections/", body_of(instance), JSON)

    assert (here.status_code, here.json()["code"]) == (409, "instance_taken")
    assert "nesta conta" in here.json()["detail"]
    assert "em outra conta" in elsewhere.json()["detail"]


def test_a_host_that_is_not_the_vendors_is_refused(ana_browser: Client, instance: MegaInstance) -> None:
    answer = ana_browser.post("/api/connections/", body_of(instance, host="https://evil.example"), JSON)

    assert (answer.status_code, answer.json()["code"]) == (409, "host_not_allowed")


def test_the_plans_numbers_are_the_limit(ana_browser: Client, ana: Membership, instance: MegaInstance) -> None:
    give_allowance(ana.account, numbers=1)
    make_connection(ana.account)

    answer = ana_browser.post("/api/connections/", body_of(instance), JSON)

    assert answer.json()["code"] == "too_many_connections"
    assert "(1)" in answer.json()["detail"]


def test_the_pace_changes_in_part_and_keeps_its_floor(ana_browser: Client, ana: Membership, settings: Settings) -> None:
    settings.MIN_GAP_S = 30
    connection = make_connection(ana.account, gap_s=60)
    address = f"/api/connections/{connection.pk}/"

    changed = ana_browser.patch(address, {"gap_min_s": 90}, JSON).json()
    refused = ana_browser.patch(address, {"gap_min_s": 5}, JSON)

    assert (changed["gap_min_s"], changed["gap_max_s"]) == (90, 90)
    assert (refused.status_code, refused.json()["code"]) == (409, "gap_invalid")
    assert "30 segundos" in refused.json()["detail"]


def test_a_number_in_use_stays_and_a_free_one_goes(ana_browser: Client, ana: Membership) -> None:
    used, free = make_connection(ana.account), make_connection(ana.account)
    make_campaign(ana.account, used, name="Natal")

    refused = ana_browser.delete(f"/api/connections/{used.pk}/")
    gone = ana_browser.delete(f"/api/connections/{free.pk}/")

    assert (refused.status_code, "“Natal”" in refused.json()["detail"]) == (409, True)
    assert gone.status_code == 204
    assert ana_browser.get(f"/api/connections/{free.pk}/").status_code == 404


def test_a_connected_instance_has_no_qr_code(ana_browser: Client, instance: MegaInstance) -> None:
    pk = ana_browser.post("/api/connections/", body_of(instance), JSON).json()["id"]

    assert ana_browser.get(f"/api/connections/{pk}/qr/").json() == {"image": None, "code": "already_connected"}


def test_strangers_and_viewers_change_nothing(caio_browser: Client, beto_browser: Client, ana: Membership) -> None:
    connection = make_connection(ana.account)
    address = f"/api/connections/{connection.pk}/"

    assert caio_browser.get(address).status_code == 404
    assert caio_browser.get(f"{address}qr/").status_code == 404
    for path in (address, f"{address}check/"):
        assert caio_browser.post(path).status_code in (404, 405)
        assert beto_browser.post(path).status_code == 403
    assert caio_browser.delete(address).status_code == 404
    assert beto_browser.delete(address).status_code == 403
    assert beto_browser.get(address).status_code == 200
    assert Connection.objects.filter(archived_at__isnull=True).count() == 1


def test_the_list_costs_the_same_for_one_and_for_many(
    ana_browser: Client, ana: Membership, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(8):
        make_campaign(ana.account, make_connection(ana.account))

    with django_assert_max_num_queries(10):
        answer = ana_browser.get("/api/connections")

    assert len(answer.json()["results"]) == 8
