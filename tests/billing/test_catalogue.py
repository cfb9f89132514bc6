from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from billing.errors import CatalogueInvalid
from billing.models import CatalogueEntry, CatalogueOffer, CatalogueProduct
from billing.services import catalogue
from tests.billing.factories import FIXTURES

pytestmark = pytest.mark.django_db


def document(**changes: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FIXTURES / "catalogue.example.json").read_text())
    return read | changes


def test_the_example_is_loaded_and_loading_it_again_changes_nothing(now: dt.datetime) -> None:
    assert catalogue.load(document(), now=now).changes["created"] == 1 + 6 + 6
    again = catalogue.load(document(), now=now)
    assert (again.changes["created"], again.changes["updated"], again.changes["removed"]) == (0, 0, 0)
    assert again.changes["unchanged"] == 13
    assert again.unknown_keys == ()
    assert again.warnings == ()
    assert CatalogueProduct.objects.get().grace_days == 5
    assert CatalogueEntry.objects.get(hotmart_plan_id="910004").tier == "pro"


def test_only_what_differs_changes(now: dt.datetime) -> None:
    catalogue.load(document(), now=now)
    changed = document(grace_days_after_unpaid_renewal=7)
    changed["plans"][0]["tier"] = "pro"
    changed["plans"][0]["offers"] = ["nova", "st4rta02"]  # takes an offer of the second plan, leaves its own
    changed["plans"][1]["offers"] = ["sta2"]
    loaded = catalogue.load(changed, now=now)
    assert (loaded.changes["created"], loaded.changes["updated"], loaded.changes["removed"]) == (2, 3, 1)
    offers = CatalogueOffer.objects.filter(entry__hotmart_plan_id="910001").values_list("code", flat=True)
    assert set(offers) == {"nova", "st4rta02"}


def test_mappings_that_the_document_does_not_name_stay(now: dt.datetime) -> None:
    catalogue.load(document(), now=now)
    fewer = document()
    del fewer["plans"][5]
    assert catalogue.load(fewer, now=now).kept == ("Scale Anual",)
    assert CatalogueEntry.objects.count() == 6


def test_a_plan_without_id_is_known_by_its_offer(now: dt.datetime) -> None:
    once = document(plans=[{"offers": ["avulso99"], "tier": "scale", "period": "annual"}])
    catalogue.load(once, now=now)
    assert catalogue.load(once, now=now).changes["created"] == 0


def test_unknown_keys_are_named_and_another_order_of_plans_is_pointed_out(now: dt.datetime) -> None:
    odd = document(colour="blue", plan_rank=["scale", "pro"])
    odd["product"]["price"] = 1
    odd["plans"][2]["trial_days"] = 7
    loaded = catalogue.load(odd, now=now)
    assert loaded.unknown_keys == ("colour", "product.price", "plans[2].trial_days")
    assert loaded.warnings == ("plan_rank",)


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        (("product",), None, "product"),
        (("product", "id"), 0, "product.id"),
        (("plans",), [], "plans"),
        (("plans", 3), "text", "plans[3]"),
        (("plans", 3, "tier"), "teste", "plans[3].tier"),
        (("plans", 3, "tier"), ["pro"], "plans[3].tier"),
        (("plans", 3, "period"), "weekly", "plans[3].period"),
        (("plans", 3, "offers"), "abc", "plans[3].offers"),
        (("plans", 3, "offers"), ["a", None], "plans[3].offers"),
        (("plans", 3, "plan_id"), 910001, "plans[3].plan_id"),
        (("plans", 3, "offers"), ["st4rtm01"], "plans[3].offers"),
        (("grace_days_after_unpaid_renewal",), 0, "grace_days_after_unpaid_renewal"),
        (("grace_after_cancellation_days",), "1", "grace_after_cancellation_days"),
    ],
)
def test_an_error_names_its_place_and_nothing_is_written(
    path: tuple[str | int, ...], value: Any, where: str, now: dt.datetime
) -> None:
    wrong: Any = document()
    target = wrong
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    with pytest.raises(CatalogueInvalid) as error:
        catalogue.load(wrong, now=now)
    assert error.value.params["where"] == where
    assert not CatalogueProduct.objects.exists()
