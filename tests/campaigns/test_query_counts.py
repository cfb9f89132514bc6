"""A batch costs the same number of statements whatever its size."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.gateways.base import OutcomeClass
from campaigns.models import Suppression
from tests.campaigns.engine import ACCEPTED, REFUSED_NUMBER, answer, claim, record
from tests.campaigns.rows import NOW, make_campaign, make_connection, make_messages, make_sender

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite reads heads lane by lane"),
    pytest.mark.django_db,
]


def make_due(lanes: int) -> None:
    """So many due lanes of several accounts, each with two campaigns and with messages to skip, to pass over and to take."""
    for _ in range(max(lanes // 4, 1)):
        account = make_sender()
        connections = [make_connection(account) for _ in range(min(lanes, 4))]
        for _ in range(2):
            campaign = make_campaign(account, *connections)
            for one in connections:
                rows = make_messages(campaign, one, 3)
                Suppression.objects.create(account=account, phone=rows[0].phone, reason="manual")


def statements_of_a_claim(lanes: int) -> int:
    claim()  # the first claim of a database writes its fingerprint
    make_due(lanes)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert len(claim()) == lanes
    return len(captured)


def test_a_claim_of_forty_lanes_costs_what_a_claim_of_one_costs() -> None:
    one = statements_of_a_claim(1)
    assert statements_of_a_claim(40) == one
    assert one <= 26


@pytest.mark.parametrize("kind", [ACCEPTED, REFUSED_NUMBER])
def test_a_record_of_forty_answers_costs_what_a_record_of_one_costs(kind: OutcomeClass) -> None:
    counts = []
    for lanes in (1, 40):
        make_due(lanes)
        answers = [answer(one, kind) for one in claim()]
        with CaptureQueriesContext(connection) as captured:
            assert record(*answers, now=NOW) == lanes
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 22
