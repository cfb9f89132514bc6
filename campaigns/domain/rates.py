"""The two rates of a campaign and of the dashboard, in one place. Pure."""

from __future__ import annotations


def success_rate(*, sent: int, failed: int, invalid: int) -> float | None:
    """sent / (sent + failed + invalid) in percent, one decimal; None where nothing was tried.

    `failed` leaves out the invalid numbers; unconfirmed messages count on neither side.
    """
    return _percent(sent, sent + failed + invalid)


def conversion_rate(*, closed_deals: int, sent: int) -> float | None:
    """Closed deals per sent message in percent, one decimal; None where nothing was sent."""
    return _percent(closed_deals, sent)


def share(part: int, whole: int) -> float | None:
    """`part` of `whole` in percent, one decimal; None where there is no whole."""
    return _percent(part, whole)


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None
