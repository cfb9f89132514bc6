"""The scale of receipts. It only goes forward, so that any order and any repetition of receipts gives the same end."""

from __future__ import annotations

from collections.abc import Iterable

from campaigns.domain.states import ReceiptStatus

# A failure stands below delivery: WhatsApp tries again, and who has received a message has received it.
SCALE: tuple[ReceiptStatus, ...] = (
    ReceiptStatus.NONE,
    ReceiptStatus.SERVER,
    ReceiptStatus.FAILED,
    ReceiptStatus.DELIVERED,
    ReceiptStatus.READ,
)
RANK: dict[str, int] = {status.value: rank for rank, status in enumerate(SCALE)}


def furthest(statuses: Iterable[str]) -> ReceiptStatus:
    """The receipt that all these come to; `none` when there are none."""
    return SCALE[max((RANK[status] for status in statuses), default=0)]


def counts(status: str) -> tuple[int, int]:
    """(delivered, read): what a message with this receipt adds to the counters. A read implies a delivery."""
    return int(RANK[status] >= RANK[ReceiptStatus.DELIVERED]), int(status == ReceiptStatus.READ)
