"""What a Hotmart plan or offer grants here. The order of the keys is the contract's (Hotmart §6); nothing is guessed."""

from __future__ import annotations

from django.db.models import Q

from billing.models import CatalogueEntry, CatalogueProduct

# Renewals that Hotmart tries to recover come under the original offer's code with this behind it (contract §3.1).
DERIVED_SUFFIX = "DRP"


def find_product(*, hotmart_id: str, ucode: str) -> CatalogueProduct | None:
    """The product by id, else by ucode; never by name."""
    if not hotmart_id and not ucode:
        return None
    match = Q(hotmart_id=hotmart_id) if hotmart_id else Q()
    if ucode:
        match |= Q(ucode=ucode)
    found = list(CatalogueProduct.objects.filter(match))
    return next((product for product in found if product.hotmart_id == hotmart_id), found[0] if found else None)


def find_entry(*, product: CatalogueProduct, plan_id: str, offer_code: str) -> CatalogueEntry | None:
    """The mapping by plan id, else by offer, else by the offer that a derived code comes from."""
    entries = CatalogueEntry.objects.filter(product=product)
    if plan_id:
        entry = entries.filter(hotmart_plan_id=plan_id).first()
        if entry is not None:
            return entry
    for code in filter(None, (offer_code, _original(offer_code))):
        entry = entries.filter(offers__code=code).first()
        if entry is not None:
            return entry
    return None


def _original(code: str) -> str:
    return code.removesuffix(DERIVED_SUFFIX) if code.endswith(DERIVED_SUFFIX) else ""
