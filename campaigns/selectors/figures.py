"""The figures of one campaign, read from its counters: what the API calls stats and pages show as tiles and bars."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.domain import rates
from campaigns.models import Campaign

# The buckets of the audience in the order of the equation, with the counter each is read from.
BUCKETS = ("sent", "failed", "invalid", "skipped", "unconfirmed", "cancelled", "sending", "queued")


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts of messages and the two rates (percent, one decimal; None where there is nothing to divide by)."""

    total: int
    buckets: dict[str, int]  # add up to total, always
    delivered: int
    read: int
    replied: int
    closed_deals: int
    success_rate: float | None
    conversion_rate: float | None

    @property
    def done(self) -> int:
        """Messages with an outcome."""
        return self.total - self.pending

    @property
    def pending(self) -> int:
        return self.buckets["queued"] + self.buckets["sending"]

    @property
    def not_sent(self) -> int:
        """Messages that will not arrive: failed, invalid, skipped and cancelled."""
        return sum(self.buckets[name] for name in ("failed", "invalid", "skipped", "cancelled"))

    @property
    def bar(self) -> dict[str, int]:
        """Parts of the bar that add up to total: a sent message stands in the furthest step it reached."""
        read = max(self.read - self.replied, 0)
        delivered = max(self.delivered - max(self.read, self.replied), 0)
        parts = {"replied": self.replied, "read": read, "delivered": delivered}
        others = ("sending", "unconfirmed", "skipped", "cancelled", "queued")
        return {
            **parts,
            "sent": max(self.buckets["sent"] - sum(parts.values()), 0),
            "failed": self.buckets["failed"] + self.buckets["invalid"],
            **{name: self.buckets[name] for name in others},
        }


def figures_of(campaign: Campaign) -> Figures:
    """No query: every count is a column."""
    buckets = {name: getattr(campaign, f"{name}_count") for name in BUCKETS}
    sent, failed, invalid = campaign.sent_count, campaign.failed_count, campaign.invalid_count
    return Figures(
        total=campaign.audience_count,
        buckets=buckets,
        delivered=campaign.delivered_count,
        read=campaign.read_count,
        replied=campaign.replied_count,
        closed_deals=campaign.closed_deals,
        success_rate=rates.success_rate(sent=sent, failed=failed, invalid=invalid),
        conversion_rate=rates.conversion_rate(closed_deals=campaign.closed_deals, sent=sent),
    )
