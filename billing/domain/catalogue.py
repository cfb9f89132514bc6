"""Reads a catalogue document (the format of `load_catalogue`); what is wrong in it is named by its key or row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from billing.domain import values
from billing.errors import CatalogueInvalid

SOLD_TIERS = ("starter", "pro", "scale", "infinite")  # teste is granted by hand only
PERIODS = ("monthly", "annual")
_TOP_KEYS = {
    "note",
    "product",
    "plan_rank",
    "plans",
    "grace_days_after_unpaid_renewal",
    "grace_after_cancellation_days",
}
_PRODUCT_KEYS = {"id", "ucode", "name"}
_PLAN_KEYS = {"plan_id", "offers", "tier", "period", "name"}
_MOST_GRACE_DAYS = 90


@dataclass(frozen=True)
class PlanRow:
    """One plan on Hotmart: its id and/or offers, and what it grants."""

    plan_id: str
    offers: tuple[str, ...]
    tier: str
    period: str
    name: str


@dataclass(frozen=True)
class Catalogue:
    """A product with its plans. Unknown keys are dotted paths that were passed over."""

    product_id: str
    ucode: str
    name: str
    plans: tuple[PlanRow, ...]
    grace_days: int
    cancelled_grace_days: int
    unknown_keys: tuple[str, ...]
    warnings: tuple[str, ...]


def read_catalogue(document: Any) -> Catalogue:
    """The document as values. Raises CatalogueInvalid(where, problem, value)."""
    if not isinstance(document, dict):
        raise CatalogueInvalid(where="document", problem="not_an_object", value=type(document).__name__)
    product, rows = document.get("product"), document.get("plans")
    if not isinstance(product, dict):
        raise CatalogueInvalid(where="product", problem="missing", value="")
    if not isinstance(rows, list) or not rows:
        raise CatalogueInvalid(where="plans", problem="missing", value="")
    unknown = [*_unknown(document, _TOP_KEYS, ""), *_unknown(product, _PRODUCT_KEYS, "product.")]
    plans = []
    for number, row in enumerate(rows):
        plans.append(_plan(row, f"plans[{number}]"))
        unknown += _unknown(row, _PLAN_KEYS, f"plans[{number}].")
    _refuse_repeats(plans)
    return Catalogue(
        product_id=_product_id(product),
        ucode=values.identifier(product.get("ucode")),
        name=values.words(product.get("name"), 200),
        plans=tuple(plans),
        grace_days=_days(document, "grace_days_after_unpaid_renewal", default=5, least=1),
        cancelled_grace_days=_days(document, "grace_after_cancellation_days", default=0, least=0),
        unknown_keys=tuple(unknown),
        warnings=_rank_warnings(document.get("plan_rank")),
    )


def _unknown(given: dict[str, Any], known: set[str], prefix: str) -> list[str]:
    return [f"{prefix}{key}" for key in given if key not in known]


def _product_id(product: dict[str, Any]) -> str:
    product_id = values.identifier(product.get("id"), 40)
    if not product_id or product_id == "0":  # 0 is the panel's test product
        raise CatalogueInvalid(where="product.id", problem="invalid", value=product.get("id"))
    return product_id


def _plan(row: Any, where: str) -> PlanRow:
    if not isinstance(row, dict):
        raise CatalogueInvalid(where=where, problem="not_an_object", value=row)
    offers = row.get("offers", [])
    codes = [values.identifier(code) for code in offers] if isinstance(offers, list) else []
    if not isinstance(offers, list) or not all(codes):
        raise CatalogueInvalid(where=f"{where}.offers", problem="invalid", value=offers)
    plan_id = values.identifier(row.get("plan_id"), 40)
    if not plan_id and not codes:
        raise CatalogueInvalid(where=where, problem="no_plan_id_or_offer", value="")
    for key, allowed in (("tier", SOLD_TIERS), ("period", PERIODS)):
        if row.get(key) not in allowed:
            raise CatalogueInvalid(where=f"{where}.{key}", problem="unknown_word", value=row.get(key))
    return PlanRow(
        plan_id=plan_id,
        offers=tuple(dict.fromkeys(codes)),
        tier=row["tier"],
        period=row["period"],
        name=values.words(row.get("name"), 200),
    )


def _refuse_repeats(plans: list[PlanRow]) -> None:
    """One plan id or offer cannot grant two things."""
    seen: dict[tuple[str, str], int] = {}
    for number, row in enumerate(plans):
        keys = [("plan_id", row.plan_id)] if row.plan_id else []
        for key in keys + [("offers", code) for code in row.offers]:
            if key in seen:
                raise CatalogueInvalid(where=f"plans[{number}].{key[0]}", problem="repeated", value=key[1])
            seen[key] = number


def _days(document: dict[str, Any], key: str, *, default: int, least: int) -> int:
    given = document.get(key, default)
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= _MOST_GRACE_DAYS:
        raise CatalogueInvalid(where=key, problem="out_of_range", value=given)
    return given


def _rank_warnings(rank: Any) -> tuple[str, ...]:
    """The order of plans is ours; a document with another one is loaded, and told so."""
    if rank is None or (isinstance(rank, list) and rank == [tier for tier in SOLD_TIERS if tier in rank]):
        return ()
    return ("plan_rank",)
