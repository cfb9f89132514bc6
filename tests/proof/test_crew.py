from __future__ import annotations

import os
import signal
from pathlib import Path

from leads_infinitos.portal.proof.crew import Crew, crew

IDLE = ("-c", "import time; time.sleep(600)")


def pid_of(on: Crew) -> int:
    process = on.members[0].process
    assert process is not None
    return process.pid


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_was_killed_is_started_again(tmp_path: Path) -> None:
    with crew(tmp_path, os.environ) as on:
        on.add("idle", *IDLE)
        first = pid_of(on)
        os.kill(first, signal.SIGKILL)
        os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)

        on.tend()

        assert pid_of(on) != first
        assert on.members[0].restarts == 1
        assert is_alive(pid_of(on))


def test_what_lives_is_left_alone(tmp_path: Path) -> None:
    with crew(tmp_path, os.environ) as on:
        on.add("idle", *IDLE)
        first = pid_of(on)

        on.tend()

        assert pid_of(on) == first


def test_nothing_is_left_at_the_end(tmp_path: Path) -> None:
    with crew(tmp_path, os.environ) as on:
        on.add("idle", *IDLE)
        pid = pid_of(on)

    assert not is_alive(pid)
