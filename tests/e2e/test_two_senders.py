"""Two senders with two processes each work on one pile: everything leaves, nothing leaves twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from campaigns.domain.states import MessageStatus
from campaigns.models import CampaignMessage
from campaigns.services.reconcile import reconcile_counters
from campaigns.tasks import pump_lanes
from leads_infinitos.portal.demo.stage import ROOT
from leads_infinitos.sandbox.running import sandbox_process
from tests.campaigns.rows import counters, make_campaign, make_connection, make_messages, make_sender

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not settings.REDIS_URL or connection.vendor != "postgresql", reason="senders share PostgreSQL and Redis"
    ),
]

LANES, MESSAGES = 50, 2_000
DEADLINE_S = 120.0
TICK_S = 0.5


@contextmanager
def sender(number: int, folder: Path) -> Iterator[None]:
    """A Celery worker of the queue `sending` with two processes, on the database of this test."""
    database = {**connection.settings_dict}
    url = (
        f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
    )
    command = [sys.executable, "-m", "celery", "-A", "leads_infinitos", "worker", "-Q", "sending", "-c", "2"]
    with (folder / f"sender-{number}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--hostname", f"sender{number}@test"],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url, "DEBUG": "1", "CELERY_SKIP_CHECKS": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_two_thousand_messages_over_fifty_lanes_leave_once_each(tmp_path: Path) -> None:
    account = make_sender()
    with sandbox_process() as sandbox:
        connections = [make_connection(account, sandbox) for _ in range(LANES)]
        campaign = make_campaign(account, *connections)
        for one in connections:
            make_messages(campaign, one, MESSAGES // LANES)
        with sender(1, tmp_path), sender(2, tmp_path):
            deadline = time.monotonic() + DEADLINE_S
            while counters(campaign).get("sent", 0) < MESSAGES and time.monotonic() < deadline:
                for _ in range(4):  # more ticks than processes: doubled and late ones must do no harm
                    pump_lanes.apply_async(expires=5)
                time.sleep(TICK_S)
        accepted = sandbox.accepted()

    assert counters(campaign) == {"sent": MESSAGES}
    assert len(accepted) == len({line.phone for line in accepted}) == MESSAGES
    assert CampaignMessage.objects.filter(status=MessageStatus.SENT).count() == MESSAGES
    assert reconcile_counters() == []
