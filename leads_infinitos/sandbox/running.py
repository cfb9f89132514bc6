"""A sandbox for as long as a `with` block lasts: a thread for tests, a process for proofs and benchmarks."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from leads_infinitos.sandbox.client import SandboxClient
from leads_infinitos.sandbox.server import Options, SandboxServer
from leads_infinitos.supervisor import die_with_parent

START_S = 20.0
STOP_S = 5.0
POLL_S = 0.02


@contextmanager
def running_sandbox(*, accept_log: Path | None = None, mega_admin_token: str | None = None) -> Iterator[SandboxClient]:
    """A sandbox in a thread of this process, on free ports of 127.0.0.1."""
    started = threading.Event()
    thread = _ServerThread(Options(accept_log=accept_log, mega_admin_token=mega_admin_token), started)
    thread.start()
    started.wait(START_S)
    if thread.server is None:
        raise RuntimeError("the sandbox did not start") from thread.error
    try:
        yield SandboxClient(f"http://127.0.0.1:{thread.server.port}", smtp_port=thread.server.smtp_port)
    finally:
        thread.stop()


class _ServerThread(threading.Thread):
    def __init__(self, options: Options, started: threading.Event) -> None:
        super().__init__(name="sandbox", daemon=True)
        self._options = options
        self._started_event = started
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_event: asyncio.Event | None = None
        self.server: SandboxServer | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001 (handed to the thread that waits)
            self.error = error
        finally:
            self._started_event.set()

    def stop(self) -> None:
        if self._loop is not None and self._stop_event is not None:
            self._loop.call_soon_threadsafe(self._stop_event.set)
        self.join(STOP_S)
        if self.is_alive():
            raise RuntimeError("the sandbox did not stop")

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop_event = asyncio.Event()
        server = SandboxServer(self._options)
        try:
            await server.start()
            self.server = server
            self._started_event.set()
            await self._stop_event.wait()
        finally:
            await server.stop()


@contextmanager
def sandbox_process(*, accept_log: Path | None = None, mega_admin_token: str | None = None) -> Iterator[SandboxClient]:
    """A sandbox in a process of its own: its CPU time is not the caller's."""
    with tempfile.TemporaryDirectory(prefix="sandbox-") as folder:
        ready_file = Path(folder, "ready.json")
        command = [sys.executable, "-m", "leads_infinitos.sandbox", "--port", "0", "--smtp-port", "0"]
        command += ["--ready-file", str(ready_file)]
        command += ["--accept-log", str(accept_log.resolve())] if accept_log is not None else []
        command += ["--mega-admin-token", mega_admin_token] if mega_admin_token is not None else []
        root = Path(__file__).resolve().parents[2]
        process = subprocess.Popen(  # noqa: S603 (our own module)
            command, cwd=root, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent
        )
        try:
            ready = _wait_ready(process, ready_file)
            yield SandboxClient(f"http://127.0.0.1:{ready['port']}", smtp_port=ready["smtp_port"])
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_ready(process: subprocess.Popen[bytes], ready_file: Path) -> dict[str, int]:
    deadline = time.monotonic() + START_S
    while not ready_file.exists():
        if process.poll() is not None:
            raise RuntimeError(f"the sandbox ended with code {process.returncode}")
        if time.monotonic() > deadline:
            raise RuntimeError("the sandbox did not start")
        time.sleep(POLL_S)
    ready: dict[str, int] = json.loads(ready_file.read_text(encoding="utf-8"))
    return ready
