"""What an event of Hotmart means: a purchase, something to leave aside, or something that waits (contract §3–4).

Every field is optional to the reader, unknown ones are passed over, and nothing here raises for odd content.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from billing.domain import payments, values

PANEL_TEST_PRODUCT = "0"  # the panel's test button posts product.id 0 (contract §1)

_PURCHASE_EVENTS = {
    "PURCHASE_APPROVED": payments.APPROVED,
    "PURCHASE_COMPLETE": payments.COMPLETED,
    "PURCHASE_CANCELED": payments.CANCELED,
    "PURCHASE_EXPIRED": payments.EXPIRED,
    "PURCHASE_DELAYED": payments.DELAYED,
    "PURCHASE_BILLET_PRINTED": payments.BILLET_PRINTED,
    "PURCHASE_PROTEST": payments.DISPUTE,
    "PURCHASE_REFUNDED": payments.REFUNDED,
    "PURCHASE_CHARGEBACK": payments.CHARGEBACK,
}
# Documented, REST and 1.0.0 words -> the wire's (contract §4.3)
_STATUS_WORDS = {
    "COMPLETE": payments.COMPLETED,
    "CANCELLED": payments.CANCELED,
    "PROTESTED": payments.DISPUTE,
    "PRINTED_BILLET": payments.BILLET_PRINTED,
    "WAITING_PAYMENT": payments.BILLET_PRINTED,
    "OVERDUE": payments.DELAYED,
    payments.PARTIALLY_REFUNDED: payments.PARTIALLY_REFUNDED,
    **{status: status for status in _PURCHASE_EVENTS.values()},
}
_WITHOUT_LICENCE = frozenset(
    {
        "PURCHASE_OUT_OF_SHOPPING_CART",
        "CLUB_FIRST_ACCESS",
        "CLUB_MODULE_COMPLETED",
        "ORDER_FULFILLMENT",
        "V1_OUT_OF_SHOPPING_CART",
    }
)
_WAITING = frozenset(
    {
        "SUBSCRIPTION_CANCELLATION",
        "SWITCH_PLAN",
        "UPDATE_SUBSCRIPTION_CHARGE_DATE",
        "V1_SUBSCRIPTION_CANCELLATION",
        "V1_SWITCH_PLAN",
    }
)


@dataclass(frozen=True)
class Purchase:
    """One status of one transaction. Empty text or None: the event does not say. Times are aware UTC."""

    status: str  # a word of billing.domain.payments
    transaction: str
    subscriber_code: str  # empty: a one-time sale
    product_id: str
    product_ucode: str
    plan_id: str  # Hotmart's
    offer_code: str
    buyer_email: str
    buyer_name: str
    produced_at: dt.datetime
    approved_at: dt.datetime | None
    next_charge_at: dt.datetime | None
    price_cents: int | None
    currency: str
    recurrence: int | None

    @property
    def subscription_code(self) -> str:
        """The subscriber's code, or a code of its own for a one-time sale."""
        return self.subscriber_code or f"txn:{self.transaction}"


@dataclass(frozen=True)
class Ignore:
    """Nothing in the event concerns a licence."""

    reason: str


@dataclass(frozen=True)
class Park:
    """The event matters, and something is missing to act on it."""

    reason: str


def read_event(event: str, payload: dict[str, Any], *, received_at: dt.datetime) -> Purchase | Ignore | Park:
    """What the stored event asks for. `received_at` stands in for a time of production that the event lacks."""
    data = payload if event.startswith("V1_") else values.branch(payload, "data")
    product = values.branch(data, "product") or values.branch(data, "subscription", "product")
    if PANEL_TEST_PRODUCT in (values.identifier(product.get("id")), values.identifier(data.get("prod"))):
        return Ignore("panel_test")
    if event in _WITHOUT_LICENCE:
        return Ignore("no_licence_event")
    if event in _WAITING:
        return Park("unsupported_event")
    if event.startswith("V1_"):
        return _purchase_1(event, data, received_at)
    if event not in _PURCHASE_EVENTS:
        return Ignore("unknown_event")
    return _purchase_2(event, payload, data, received_at)


def _purchase_2(event: str, payload: dict[str, Any], data: dict[str, Any], received_at: dt.datetime) -> Purchase | Park:
    purchase = values.branch(data, "purchase")
    transaction = values.identifier(purchase.get("transaction"))
    if not transaction:
        return Park("missing_transaction")
    status = _PURCHASE_EVENTS[event]
    said = _STATUS_WORDS.get(values.words(purchase.get("status"), 40).upper(), status)
    if said == payments.PARTIALLY_REFUNDED and status == payments.REFUNDED:
        status = said
    if said != status:
        return Park("status_mismatch")
    product, buyer = values.branch(data, "product"), values.branch(data, "buyer")
    price = values.branch(purchase, "price")
    return Purchase(
        status=status,
        transaction=transaction,
        subscriber_code=values.identifier(values.branch(data, "subscription", "subscriber").get("code")),
        product_id=values.identifier(product.get("id")),
        product_ucode=values.identifier(product.get("ucode")),
        plan_id=values.identifier(values.branch(data, "subscription", "plan").get("id")),
        offer_code=values.identifier(values.branch(purchase, "offer").get("code")),
        buyer_email=values.email(buyer.get("email")),
        buyer_name=_name(buyer.get("name"), buyer.get("first_name"), buyer.get("last_name")),
        produced_at=values.moment(payload.get("creation_date") or payload.get("creationDate")) or received_at,
        approved_at=values.moment(purchase.get("approved_date")),
        next_charge_at=values.moment(purchase.get("date_next_charge")),
        price_cents=values.cents(price.get("value")),
        currency=values.identifier(price.get("currency_value") or price.get("currency_code"), 3),
        recurrence=values.count(purchase.get("recurrence_number")),
    )


def _purchase_1(event: str, form: dict[str, Any], received_at: dt.datetime) -> Purchase | Ignore | Park:
    status = _STATUS_WORDS.get(event.removeprefix("V1_"))
    if status is None:
        return Ignore("unknown_event")
    transaction = values.identifier(form.get("transaction"))
    if not transaction:
        return Park("missing_transaction")
    return Purchase(
        status=status,
        transaction=transaction,
        subscriber_code=values.identifier(form.get("subscriber_code")),
        product_id=values.identifier(form.get("prod")),
        product_ucode="",
        plan_id="",  # 1.0.0 has none: the offer decides
        offer_code=values.identifier(form.get("off")),
        buyer_email=values.email(form.get("email")),
        buyer_name=_name(form.get("name"), form.get("first_name"), form.get("last_name")),
        produced_at=received_at,
        approved_at=values.moment(form.get("confirmation_purchase_date")),
        next_charge_at=None,  # the end is the confirmation plus the catalogue's period (contract §4.4)
        price_cents=values.cents(form.get("price")),
        currency=values.identifier(form.get("currency"), 3),
        recurrence=values.count(form.get("recurrency")),
    )


def _name(full: Any, first: Any, last: Any) -> str:
    return values.words(full, 120) or f"{values.words(first, 60)} {values.words(last, 60)}".strip()
