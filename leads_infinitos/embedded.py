"""The Celery worker and beat as threads of the one gunicorn worker: the whole product in a single process.

Exactly one web worker may host them: its memory is the broker and the cache. The broker forgets on a crash, the database
does not (ADR 0001).
"""

from __future__ import annotations

import atexit
import logging
import os
import signal
import threading
from dataclasses import dataclass
from typing import Any

from celery import signals
from celery.beat import EmbeddedService
from celery.worker import WorkController

from leads_infinitos.celery import app, stopping

logger = logging.getLogger(__name__)

CONCURRENCY = 8
READY_S = 30.0
WATCH_S = 2.0
QUEUES = ("default", "sending")


class _Worker(WorkController):
    """A worker that says when it consumes, and closes database connections between tasks as `celery worker` does."""

    def __init__(self, *, ready: threading.Event, **options: Any) -> None:
        self._ready = ready
        super().__init__(**options)

    def on_after_init(self, **options: Any) -> None:
        # Only the command line's worker sends it; celery's Django fix-up hangs on it, and reads which pool this is.
        signals.worker_init.send(sender=self, instance=self, conf=self.app.conf, options=options)

    def on_consumer_ready(self, consumer: object) -> None:
        self._ready.set()


@dataclass(frozen=True)
class _Running:
    worker: _Worker
    worker_thread: threading.Thread
    beat: Any  # celery.beat's thread


_running: _Running | None = None
_lock = threading.Lock()


def start() -> None:
    """Start both, once per process; returns when the worker consumes. Raises RuntimeError when it does not."""
    global _running
    with _lock:
        if _running is not None:
            return
        stopping.clear()
        ready = threading.Event()
        worker = _Worker(
            ready=ready,
            app=app,
            hostname="embedded@local",
            pool_cls="threads",
            concurrency=CONCURRENCY,
            queues=list(QUEUES),
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        thread = threading.Thread(target=worker.start, name="celery-worker", daemon=True)
        thread.start()
        if not ready.wait(READY_S):
            raise RuntimeError("the embedded worker did not start")
        # Both arguments matter: without them beat forks, away from memory://, and keeps its schedule in a file.
        beat: Any = EmbeddedService(app, thread=True, scheduler_cls=app.conf.beat_scheduler)
        beat.start()
        _running = _Running(worker, thread, beat)
        atexit.register(stop)
    threading.Thread(target=_watch, args=(_running,), name="celery-watch", daemon=True).start()
    logger.info("embedded.started")


def begin_stop() -> None:
    """Start to stop in the background; safe in a signal handler. `stop` waits for it."""
    _announce()
    threading.Thread(target=stop, name="celery-stop", daemon=True).start()


def stop() -> None:
    """Stop beat, then the worker once its tasks are done. Returns when neither runs."""
    global _running
    with _lock:  # held to the end: a second caller must not return before the first is done
        if _running is None:
            return
        _announce()
        _running.beat.stop()
        _running.worker.stop()
        _running.worker_thread.join()
        _running = None
        logger.info("embedded.stopped")


def _announce() -> None:
    """What `celery worker` says when it gets the signal: sends in flight are finished, no more are claimed."""
    signals.worker_shutting_down.send(sender="embedded@local", sig="SIGTERM", how="Warm", exitcode=0)


def _watch(running: _Running) -> None:
    """Both threads live, or this process ends and gunicorn boots another: a portal without a sender only looks well."""
    while not stopping.wait(WATCH_S):
        if not (running.worker_thread.is_alive() and running.beat.is_alive()):
            logger.critical("embedded.thread_died")
            os.kill(os.getpid(), signal.SIGTERM)
            return
