"""One run of claim, send, record. It leaves nothing in memory that is not in a row, and a slow call delays nobody."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from accounts import clock
from campaigns.domain.pacing import START_BUDGET_S
from campaigns.gateways.wire import Send, Sent, boottime, wire
from campaigns.services.claim import Claimed, claim_batch
from campaigns.services.due import Room
from campaigns.services.record import Answered, record_batch

logger = logging.getLogger("campaigns")

IDLE_LOOK_S = 0.25  # how long to wait for an answer before looking whether another lane became due
GATHER_S = 0.01  # answers that arrive this close together share one record

stopping = threading.Event()
"""Set by a warm shutdown: claim no more, and let the open calls end."""

_one_pump = threading.Lock()


@dataclass(frozen=True, slots=True)
class Run:
    """What a pump did: claims made and answers recorded; `batch_was_full` means more is due for another process."""

    claimed: int = 0
    recorded: int = 0
    batch_was_full: bool = False


def run(*, budget_s: float | None = None, now: Callable[[], dt.datetime] = clock.now) -> Run:
    """Claim and send until nothing is due or the budget is spent, then end as soon as no call is open.

    At most one pump runs in a process: a second returns at once.
    """
    if not _one_pump.acquire(blocking=False):
        return Run()
    try:
        return _Pump(budget_s=settings.PUMP_BUDGET_S if budget_s is None else budget_s, now=now).run()
    finally:
        _one_pump.release()


class _Pump:
    def __init__(self, *, budget_s: float, now: Callable[[], dt.datetime]) -> None:
        self.now = now
        self.ends = time.monotonic() + budget_s
        self.answers: queue.SimpleQueue[Sent] = queue.SimpleQueue()
        self.open: dict[str, tuple[Claimed, float]] = {}  # by token, with the boot time its claim was begun at
        self.claimed = self.recorded = 0
        self.full = False

    def run(self) -> Run:
        while True:
            looked = self._claim() if self._may_claim() else 0
            if not self.open and not looked:
                return Run(self.claimed, self.recorded, self.full)
            if self.open:
                self._record(self._wait_for_answers(IDLE_LOOK_S))
            elif time.monotonic() >= self.ends:
                return Run(self.claimed, self.recorded, self.full)

    def _may_claim(self) -> bool:
        in_time = time.monotonic() < self.ends or bool(self.open)
        return in_time and not stopping.is_set() and len(self.open) < settings.PUMP_CALLS

    def _claim(self) -> int:
        """Claim into the free call slots and start the calls; gives how many lanes were looked at."""
        by_host = Counter(claimed.host for claimed, _ in self.open.values())
        room = Room(settings.PUMP_CALLS - len(self.open), settings.PUMP_CALLS_PER_HOST, by_host)
        begun = boottime()  # before the claim's clock is read: a slow host must not shorten a gap
        claim = claim_batch(now=self.now(), room=room)
        self.full = self.full or claim.lanes >= room.total
        for claimed in claim.claimed:
            self.open[claimed.token] = (claimed, begun)
            send = Send(
                ref=claimed.token,
                config=claimed.config,
                wa_id=claimed.wa_id,
                candidates=claimed.candidates,
                body=claimed.body,
                start_by=begun + START_BUDGET_S,
                timeout_s=settings.CALL_TIMEOUT_S,
            )
            wire().submit(send, self.answers.put)
        self.claimed += len(claim.claimed)
        return claim.lanes

    def _wait_for_answers(self, seconds: float) -> list[Sent]:
        """The answers that are there, after waiting for the first and a moment for its neighbours."""
        arrived: list[Sent] = []
        with contextlib.suppress(queue.Empty):
            arrived.append(self.answers.get(timeout=seconds))
            while len(arrived) < len(self.open):
                arrived.append(self.answers.get(timeout=GATHER_S))
        return arrived

    def _record(self, arrived: list[Sent]) -> None:
        batch = []
        for sent in arrived:
            claimed, begun = self.open.pop(sent.ref)

            def at(moment: float, claimed: Claimed = claimed, begun: float = begun) -> dt.datetime:
                return claimed.claimed_at + dt.timedelta(seconds=moment - begun)

            batch.append(Answered(claimed, sent.outcome, sent.wa_id, sent.checked, at(sent.started), at(sent.answered)))
        self.recorded += record_batch(batch, now=self.now()) if batch else 0
