from __future__ import annotations

import pytest

from campaigns.domain import rates


@pytest.mark.parametrize(
    ("sent", "failed", "invalid", "expected"),
    [(0, 0, 0, None), (0, 1, 0, 0.0), (7, 0, 0, 100.0), (90, 5, 5, 90.0), (2, 1, 0, 66.7), (1, 1, 1, 33.3)],
)
def test_success_is_what_was_sent_of_what_was_tried(
    sent: int, failed: int, invalid: int, expected: float | None
) -> None:
    assert rates.success_rate(sent=sent, failed=failed, invalid=invalid) == expected


@pytest.mark.parametrize(("deals", "sent", "expected"), [(3, 0, None), (0, 9, 0.0), (1, 8, 12.5), (3, 2, 150.0)])
def test_conversion_is_deals_of_what_was_sent(deals: int, sent: int, expected: float | None) -> None:
    assert rates.conversion_rate(closed_deals=deals, sent=sent) == expected
