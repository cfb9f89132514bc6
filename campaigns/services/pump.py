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
from django.db import DatabaseError, connection

from accounts import clock
from campaigns.domain.pacing import START_BUDGET_S
from campaigns.gateways.base import OutcomeClass
from campaigns.gateways.wire import Send, Sent, boottime, wire
from campaigns.services import killpoints
from campaigns.services.claim import Claimed, claim_batch
from campaigns.services.due import Room
from campaigns.services.record import Answered, Recorded, record_batch

logger = logging.getLogger("campaigns")

IDLE_LOOK_S = 0.25  # how long to wait for an answer before looking whether another lane became due
GATHER_S = 0.01  # answers that arrive this close together share one record
RETRY_S = 2.0  # answers that could not be written are tried again after so long
KEEP_TRYING_S = 120.0  # since their claim

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
        self.left: list[Answered] = []  # answers that could not be written yet
        self.retry_at = 0.0
        self.claimed = self.recorded = 0
        self.full = self.broken = False

    def run(self) -> Run:
        while True:
            looked = self._claim() if self._may_claim() else 0
            if self.open or self.left:
                self._record(self._wait_for_answers(IDLE_LOOK_S))
            elif not looked or time.monotonic() >= self.ends:
                return Run(self.claimed, self.recorded, self.full)

    def _may_claim(self) -> bool:
        in_time = time.monotonic() < self.ends or bool(self.open)
        return in_time and not stopping.is_set() and not self.broken and len(self.open) < settings.PUMP_CALLS

    def _claim(self) -> int:
        """Claim into the free call slots and start the calls; gives how many lanes were looked at."""
        by_host = Counter(claimed.host for claimed, _ in self.open.values())
        room = Room(settings.PUMP_CALLS - len(self.open), settings.PUMP_CALLS_PER_HOST, by_host)
        begun = boottime()  # before the claim's clock is read: a slow host must not shorten a gap
        try:
            claim = claim_batch(now=self.now(), room=room)
        except DatabaseError:
            # The open calls go on: their answers are worth more than new claims.
            logger.exception("pump.claim_failed")
            connection.close_if_unusable_or_obsolete()
            self.broken = True
            return 0
        if claim.claimed:
            killpoints.reached("after_claim")
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
        if self.open:
            killpoints.reached("during_http")
        arrived: list[Sent] = []
        with contextlib.suppress(queue.Empty):
            arrived.append(self.answers.get(timeout=seconds))
            while len(arrived) < len(self.open):
                arrived.append(self.answers.get(timeout=GATHER_S))
        return arrived

    def _record(self, arrived: list[Sent]) -> None:
        if any(sent.outcome.outcome is OutcomeClass.ACCEPTED for sent in arrived):
            killpoints.reached("after_acceptance")
        batch = [self._answered(sent) for sent in arrived]
        if self.left and time.monotonic() >= self.retry_at:
            batch, self.left = [*self.left, *batch], []
        if not batch:
            return
        try:
            recorded = record_batch(batch, now=self.now())
        except DatabaseError:
            logger.exception("pump.record_failed")
            connection.close_if_unusable_or_obsolete()
            recorded = Recorded(0, batch)
        killpoints.reached("after_record_commit")
        self.recorded += recorded.count
        if recorded.left:
            self._keep(recorded.left)

    def _keep(self, left: list[Answered]) -> None:
        """Try these again in a moment, but not for ever: then their leases settle them as unconfirmed."""
        since = boottime() - KEEP_TRYING_S
        given_up = [answered for answered in left if answered.claim_begun < since]
        for answered in given_up:
            logger.error("record.given_up", extra={"message_id": answered.claimed.message_id})
        self.left += [answered for answered in left if answered.claim_begun >= since]
        self.retry_at = time.monotonic() + RETRY_S

    def _answered(self, sent: Sent) -> Answered:
        claimed, begun = self.open.pop(sent.ref)
        started, answered = (
            claimed.claimed_at + dt.timedelta(seconds=moment - begun) for moment in (sent.started, sent.answered)
        )
        return Answered(claimed, sent.outcome, sent.wa_id, sent.checked, started, answered, begun)
