from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from campaigns.models import Campaign
from campaigns.selectors.figures import BUCKETS, Figures, figures_of


def figures(delivered: int = 0, read: int = 0, replied: int = 0, **counts: int) -> Figures:
    campaign = Campaign(
        audience_count=sum(counts.values()),
        delivered_count=delivered,
        read_count=read,
        replied_count=replied,
        **{f"{name}_count": count for name, count in counts.items()},
    )
    return figures_of(campaign)


def test_a_sent_message_stands_in_the_furthest_step_it_reached() -> None:
    bar = figures(sent=20, queued=5, delivered=15, read=9, replied=4).bar

    assert {name: count for name, count in bar.items() if count} == {
        "replied": 4,
        "read": 5,
        "delivered": 6,
        "sent": 5,
        "queued": 5,
    }


@given(
    counts=st.fixed_dictionaries({name: st.integers(0, 50) for name in BUCKETS}),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
)
def test_the_bar_and_the_equation_always_add_up(counts: dict[str, int], shares: tuple[float, float, float]) -> None:
    delivered, read, replied = (int(counts["sent"] * share) for share in shares)  # receipts may come in any order

    shown = figures(delivered, read, replied, **counts)

    assert sum(shown.bar.values()) == sum(shown.buckets.values()) == shown.total
    assert min(shown.bar.values()) >= 0
    assert shown.done + shown.pending == shown.total
