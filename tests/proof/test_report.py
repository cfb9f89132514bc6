from __future__ import annotations

import json
from collections import Counter

import pytest

from campaigns.services.killpoints import POINTS
from leads_infinitos.portal.proof.reconcile import Findings
from leads_infinitos.portal.proof.report import Report

KEYS = {
    "sends",
    "kills",
    "duplicates",
    "over_pace",
    "over_limit",
    "cross_account",
    "unexplained",
    "unconfirmed",
    "settled_share",
    "gateway_cpu",
    "void",
    "elapsed_s",
}


def report(findings: Findings | None = None, *, gateway_cpu: float | None = 0.2) -> Report:
    return Report(
        form="PostgreSQL e Redis",
        seed=1,
        findings=findings or Findings(sends=10),
        kills={"after_claim": 2},
        inflicted={"Redis esvaziado": 3},
        size={"accounts": 5},
        gateway_cpu=gateway_cpu,
        elapsed_s=12.34,
    )


def test_the_json_is_one_line_with_every_key() -> None:
    text = report().as_json()

    fields = json.loads(text)
    assert "\n" not in text
    assert fields.keys() >= KEYS
    assert fields["kills"] == {point: 2 * (point == "after_claim") for point in POINTS}


@pytest.mark.parametrize(
    "findings",
    [
        Findings(duplicates=1),
        Findings(over_pace=1),
        Findings(over_limit=1),
        Findings(cross_account=1),
        Findings(why=Counter(left_behind=1)),
    ],
)
def test_any_fault_is_exit_1(findings: Findings) -> None:
    assert report(findings).exit_code == 1


def test_messages_in_doubt_are_no_fault() -> None:
    assert report(Findings(unconfirmed=9, unconfirmed_left=9)).exit_code == 0


def test_a_gateway_that_was_the_bottleneck_makes_the_run_void() -> None:
    assert [report(gateway_cpu=cpu).void for cpu in (None, 0.8, 0.81)] == [False, False, True]


def test_the_table_has_a_row_for_every_point_and_fault() -> None:
    rows = report().rows()

    assert [value for what, value, key in rows if key == "kills"] == ["0", "2", "0", "0", "0", "0"]
    assert {key for _, _, key in rows} >= KEYS - {"void"}
