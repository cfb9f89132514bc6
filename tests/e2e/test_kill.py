"""The process that sends is killed in the middle of its work, for real, and nothing is sent twice or lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from leads_infinitos.portal.demo.stage import Stage, stage
from leads_infinitos.sandbox.client import Accepted
from tests.e2e.customer import FINAL, Customer, assert_nothing_twice, by_instance, shortest_gap_s

pytestmark = pytest.mark.e2e

GAP_S = 2.0
CALL_TIMEOUT_S = 2  # a lease is the 10 s to start, the call, and 5 s


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    with stage(CALL_TIMEOUT_S=str(CALL_TIMEOUT_S)) as installation:
        yield installation


def sending_process(running: Stage) -> int:
    """The process that sends: the sender, or the gunicorn worker that hosts it in the embedded form."""
    programs = running.programs()
    if "sender" in programs:
        return programs["sender"]
    arbiter = programs["web"]
    children = Path(f"/proc/{arbiter}/task/{arbiter}/children").read_text().split()
    return int(children[0])


def test_a_killed_sender_repeats_nothing_loses_nothing_and_keeps_the_pace(running: Stage) -> None:
    with Customer(running, "dona@example.com") as customer:
        slow, fast = customer.connect(gap_s=GAP_S), [customer.connect(gap_s=0.3) for _ in range(3)]
        paced = customer.campaign("No passo", [customer.import_phones("Lenta", 0, 10)], [slow])
        quick = customer.campaign("Depressa", [customer.import_phones("Rápida", 100, 60)], fast)
        running.sandbox.set_faults(latency_ms=300)  # so that something is in flight when the kill comes
        for count in (8, 30):
            running.sandbox.wait_for_accepted(count, timeout_s=60)
            kill_what_sends(running)
        stats = [customer.wait_until_done(campaign, timeout_s=150) for campaign in (paced, quick)]

    accepted = running.sandbox.accepted()
    assert_nothing_twice(accepted)
    assert all(shortest_gap_s(lines) >= GAP_S for lines in lanes_of(accepted, "Oi Lead ", below=100))
    for seen in stats:
        assert seen["total_leads"] == sum(seen[name] for name in FINAL)
    sent, open_ends = sum(seen["sent"] for seen in stats), sum(seen["unconfirmed"] for seen in stats)
    assert sent <= len(accepted) <= sent + open_ends


def lanes_of(accepted: list[Accepted], prefix: str, *, below: int) -> list[list[Accepted]]:
    """The lines of the instances that wrote to leads with a number below the given one."""
    return [lines for lines in by_instance(accepted).values() if int(lines[0].text.removeprefix(prefix)) < below]


def kill_what_sends(running: Stage) -> None:
    """SIGKILL to the process that sends; back when another has taken its place."""
    killed = sending_process(running)
    os.kill(killed, signal.SIGKILL)
    running.wait("O envio voltar", lambda: _is_back(running, killed), timeout_s=60)


def _is_back(running: Stage, killed: int) -> bool:
    try:
        return sending_process(running) != killed
    except (FileNotFoundError, IndexError):
        return False


def test_the_form_under_test_is_the_one_the_environment_names(running: Stage) -> None:
    assert ("sender" in running.programs()) is bool(settings.REDIS_URL)
