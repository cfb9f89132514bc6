"""Keeps child processes running, and leaves none behind however it ends.

Each child leads a process group of its own, so that a Ctrl-C in the terminal reaches only the supervisor, which stops the
children in order. Nothing here knows Django: `manage.py serve` says what to run.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

logger = logging.getLogger(__name__)

POLL_S = 0.1
STOP_S = 11.0  # for what serves and sends, in flight included; then it is killed
STOP_LAST_S = 2.0  # for what the others needed until their end
STEADY_S = 30.0  # a child that ran this long starts again at once
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 10.0
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PR_SET_PDEATHSIG = 1  # prctl(2)

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(parent: int | None = None) -> None:
    """Ask the kernel to kill this process when its parent dies, even of SIGKILL. Only Linux can; elsewhere nothing happens.

    `parent` is the pid that it should have: a process that lost it before the request ends here.
    """
    if _libc is None:
        return
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


@dataclass(frozen=True)
class Program:
    """What to run. `stops_last`: the others still need it while they finish what is in flight."""

    name: str
    command: Sequence[str]
    stops_last: bool = False


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0  # monotonic seconds
    starts_at: float = 0.0  # not before this
    quick_deaths: int = 0

    def start(self, environment: Mapping[str, str]) -> None:
        parent = os.getpid()
        self.process = subprocess.Popen(  # noqa: S603 (our own commands)
            self.program.command,
            env=dict(environment),
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(parent),
        )
        self.started_at = time.monotonic()

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill_group(self) -> None:
        """Whatever is left of the child, its own children included."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # nothing is left
        except PermissionError:
            self.process.kill()  # macOS says so of a group of zombies
        self.process.wait()


@dataclass
class Supervisor:
    """Runs the programs until SIGTERM, SIGINT or SIGHUP; `run` returns when none of their processes is left.

    `on_change` gets name → pid after every start; `on_tick` is called several times a second.
    """

    programs: Sequence[Program]
    environment: Mapping[str, str]
    on_change: Callable[[dict[str, int]], None] = lambda pids: None
    on_tick: Callable[[], None] = lambda: None
    _children: list[_Child] = field(default_factory=list, init=False)
    _signals: int = field(default=0, init=False)

    def run(self) -> None:
        previous = {number: signal.signal(number, self._note_signal) for number in STOP_SIGNALS}
        try:
            self._children = [_Child(program) for program in self.programs]
            while not self._signals:
                self._start_what_is_due()
                self.on_tick()
                time.sleep(POLL_S)
        finally:
            self._stop()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1

    def _start_what_is_due(self) -> None:
        started = False
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._note_death(child)
            if child.process is None and time.monotonic() >= child.starts_at:
                child.start(self.environment)
                started = True
        if started:
            self.on_change({child.program.name: child.process.pid for child in self._children if child.process})

    def _note_death(self, child: _Child) -> None:
        code = child.process.returncode if child.process else None
        child.kill_group()  # an orphan would hold the port that the next one needs
        steady = time.monotonic() - child.started_at >= STEADY_S
        child.quick_deaths = 0 if steady else child.quick_deaths + 1
        delay = 0.0 if steady else min(FIRST_DELAY_S * 2 ** (child.quick_deaths - 1), LONGEST_DELAY_S)
        child.process, child.starts_at = None, time.monotonic() + delay
        logger.error("serve.restart", extra={"program": child.program.name, "exit_code": code, "delay_s": delay})

    def _stop(self) -> None:
        self._end([child for child in self._children if not child.program.stops_last], within_s=STOP_S)
        self._end([child for child in self._children if child.program.stops_last], within_s=STOP_LAST_S)

    def _end(self, children: list[_Child], *, within_s: float) -> None:
        """Ask, wait, then kill. A second signal from outside ends the waiting."""
        asked = self._signals
        for child in children:
            if child.process is not None and not child.has_ended():
                child.process.terminate()
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and self._signals <= max(asked, 1):
            if all(child.has_ended() for child in children):
                break
            time.sleep(POLL_S)
        for child in children:
            child.kill_group()
