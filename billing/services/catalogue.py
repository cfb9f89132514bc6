"""Loads what is sold on Hotmart and what each plan and offer grants here. Loading the same document again changes nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from billing.domain.catalogue import Catalogue, PlanRow, read_catalogue
from billing.models import CatalogueEntry, CatalogueOffer, CatalogueProduct
from billing.services.inbox import retry_after_catalogue


@dataclass(frozen=True)
class Loaded:
    """What a load did. `changes` counts created, updated, unchanged and removed rows; `retried` events wait again."""

    changes: Counter[str]
    unknown_keys: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    retried: int = 0
    kept: tuple[str, ...] = field(default=())  # mappings of the product that the document does not name; they stay


def load(document: Any, *, now: dt.datetime) -> Loaded:
    """Bring product, mappings and offers to what the document says; all or nothing.

    Mappings that it does not name stay. Events that were waiting for a plan or product become due again.
    Raises CatalogueInvalid, which names the key or row.
    """
    catalogue = read_catalogue(document)
    changes: Counter[str] = Counter()
    with transaction.atomic():
        product = _product(catalogue, changes)
        entries = [_entry(product, row, changes) for row in catalogue.plans]
        _offers(product, list(zip(entries, catalogue.plans, strict=True)), changes)
        others = CatalogueEntry.objects.filter(product=product).exclude(pk__in=[entry.pk for entry in entries])
        kept = tuple(entry.name or entry.hotmart_plan_id for entry in others)
        retried = retry_after_catalogue(now=now)
    return Loaded(
        changes=changes,
        unknown_keys=catalogue.unknown_keys,
        warnings=catalogue.warnings,
        retried=retried,
        kept=kept,
    )


def _product(catalogue: Catalogue, changes: Counter[str]) -> CatalogueProduct:
    values = {
        "ucode": catalogue.ucode,
        "name": catalogue.name,
        "grace_days": catalogue.grace_days,
        "cancelled_grace_days": catalogue.cancelled_grace_days,
    }
    product = CatalogueProduct.objects.filter(hotmart_id=catalogue.product_id).first()
    if product is None:
        changes["created"] += 1
        return CatalogueProduct.objects.create(hotmart_id=catalogue.product_id, **values)
    _update(product, values, changes)
    return product


def _entry(product: CatalogueProduct, row: PlanRow, changes: Counter[str]) -> CatalogueEntry:
    """The mapping of a row: by plan id, or by its first offer for a plan that has no id (a one-time sale)."""
    values = {"name": row.name, "tier": row.tier, "period": row.period}
    mine = CatalogueEntry.objects.filter(product=product, hotmart_plan_id=row.plan_id)
    entry = mine.first() if row.plan_id else mine.filter(offers__code__in=row.offers).first()
    if entry is None:
        changes["created"] += 1
        return CatalogueEntry.objects.create(product=product, hotmart_plan_id=row.plan_id, **values)
    _update(entry, values, changes)
    return entry


def _offers(product: CatalogueProduct, rows: list[tuple[CatalogueEntry, PlanRow]], changes: Counter[str]) -> None:
    known = {offer.code: offer for offer in CatalogueOffer.objects.filter(product=product)}
    for entry, row in rows:
        for code in row.offers:
            offer = known.get(code)
            if offer is None:
                CatalogueOffer.objects.create(product=product, entry=entry, code=code)
                changes["created"] += 1
            else:
                _update(offer, {"entry_id": entry.pk}, changes)
    for entry, row in rows:  # after all moves: an offer may have gone from one plan to another
        gone = CatalogueOffer.objects.filter(entry=entry).exclude(code__in=row.offers)
        changes["removed"] += gone.count()
        gone.delete()


def _update(
    row: CatalogueProduct | CatalogueEntry | CatalogueOffer, values: dict[str, Any], changes: Counter[str]
) -> None:
    if all(getattr(row, name) == value for name, value in values.items()):
        changes["unchanged"] += 1
        return
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    changes["updated"] += 1
