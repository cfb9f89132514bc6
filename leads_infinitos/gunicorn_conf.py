"""The web server's settings, the same for `manage.py serve` and in a container.

`gunicorn -c python:leads_infinitos.gunicorn_conf leads_infinitos.wsgi:application`
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any

from django.conf import settings

from leads_infinitos import embedded
from leads_infinitos.supervisor import die_with_parent

bind = os.environ.get("BIND", "127.0.0.1:8000")
# Embedded, each further worker would bring a broker, a cache and a sender of its own.
workers = 1 if settings.EMBEDDED else int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = 8
timeout = 60  # seconds without a sign of life
graceful_timeout = 10  # seconds for requests and sends in flight
preload_app = False  # threads and connections do not survive a fork
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 (a disk's flush would stop the heartbeat)
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "warning")
proc_name = "leads-infinitos"


def post_fork(server: Any, worker: Any) -> None:
    """A worker whose arbiter was killed would hold the port against the next arbiter."""
    die_with_parent()


def post_worker_init(worker: Any) -> None:
    """Embedded: the worker becomes the whole product, and says its pid for whoever wants to see it fall and come back."""
    if not settings.EMBEDDED:
        return
    embedded.start()
    _begin_to_stop_on_sigterm()
    settings.VAR_DIR.joinpath("web-worker.pid").write_text(f"{os.getpid()}\n")


def worker_exit(server: Any, worker: Any) -> None:
    if settings.EMBEDDED:
        embedded.stop()


def _begin_to_stop_on_sigterm() -> None:
    """Tasks end while the last requests are answered, not after them: both share `graceful_timeout`."""
    end_requests = signal.getsignal(signal.SIGTERM)

    def handle(number: int, frame: FrameType | None) -> None:
        embedded.begin_stop()
        if callable(end_requests):
            end_requests(number, frame)

    signal.signal(signal.SIGTERM, handle)
