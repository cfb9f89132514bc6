"""Work in other threads with connections of their own, for races."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, transaction

T = TypeVar("T")
PATIENCE_S = 30.0


def start(work: Callable[[], T]) -> Future[T]:
    """Begin `work` in a thread; its result or error comes from the future."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 (raised again by whoever asks for the result)
            future.set_exception(error)
        finally:
            connection.close()

    threading.Thread(target=run, daemon=True).start()
    return future


def together(*works: Callable[[], T]) -> list[T]:
    """The results of works that start at the same moment, each in a thread."""
    gate = threading.Barrier(len(works))

    def wait_then(work: Callable[[], T]) -> Callable[[], T]:
        def run() -> T:
            gate.wait(PATIENCE_S)
            return work()

        return run

    return [future.result(PATIENCE_S) for future in [start(wait_then(work)) for work in works]]


@contextmanager
def held(lock: Callable[[], object]) -> Iterator[None]:
    """Another transaction that has taken these locks and keeps them for as long as the block lasts."""
    taken, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            lock()
            taken.set()
            release.wait(PATIENCE_S)

    holder = start(hold)
    if not taken.wait(PATIENCE_S):
        holder.result(0)
    try:
        yield
    finally:
        release.set()
        holder.result(PATIENCE_S)


def done_or_blocked(future: Future[T]) -> None:
    """Return once the work has ended, or waits for a lock that somebody else holds (PostgreSQL)."""
    deadline = time.monotonic() + PATIENCE_S
    while not future.done() and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone() != (0,):
                return
