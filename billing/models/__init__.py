"""What is sold, what was paid, and what an account may therefore send.

Payments, grants and cancellations are facts, only ever added; `Licence` and `SendAllowance` are their projection,
recomputed after every event and by a clock job, so that arrival order does not matter (contracts: Hotmart §7).
"""

from billing.models.catalogue import CatalogueEntry, CatalogueOffer, CatalogueProduct
from billing.models.decisions import BlockLift, Grant, Revocation
from billing.models.events import PaymentEvent
from billing.models.licences import ACCESS_STATES, Licence, LicenceState, SendAllowance
from billing.models.payments import BuyerAddress, Payment, PaymentStatus, Subscription
from billing.models.plans import Period, Plan, Tier

__all__ = [
    "ACCESS_STATES",
    "BlockLift",
    "BuyerAddress",
    "CatalogueEntry",
    "CatalogueOffer",
    "CatalogueProduct",
    "Grant",
    "Licence",
    "LicenceState",
    "Payment",
    "PaymentEvent",
    "PaymentStatus",
    "Period",
    "Plan",
    "Revocation",
    "SendAllowance",
    "Subscription",
    "Tier",
]
