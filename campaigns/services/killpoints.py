"""Where `manage.py prove_sending` may kill the process that sends, and which protection it may take away.

Both are named in the environment, which only settings with the sandbox read: elsewhere every function here does nothing,
and a system check refuses a production that names them.
"""

from __future__ import annotations

import functools
import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from django.conf import settings

POINTS = (
    "before_claim",  # the claim is written and not yet committed
    "after_claim",  # committed, nothing handed to the wire
    "during_http",  # calls are open, at any stage
    "after_acceptance",  # the gateway said yes, and no row knows it
    "before_record_commit",  # the record is written and not yet committed
    "after_record_commit",
)
PROTECTIONS = ("claim", "pace", "quota", "account")
LOG = "proof-kills.jsonl"
OPEN_CALLS_S = 0.05  # in which a kill during HTTP comes, so that calls are met at different stages

_random = random.SystemRandom()


def reached(point: str) -> None:
    """Die here, if this process is to die at this point and its hour has come. One lookup where no proof runs."""
    if settings.PROOF_KILLS:
        _fate(os.getpid()).visit(point)


def is_off(protection: str) -> bool:
    """Whether the proof took this protection away, to show that it notices."""
    return bool(protection == settings.PROOF_BREAK)


def kills(folder: Path) -> Counter[str]:
    """How often each point was fatal in the installation whose files are in `folder`."""
    log = folder / LOG
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter(json.loads(line)["point"] for line in lines)


class _Fate:
    """The one point at which this process dies, and at which of its visits: on average that of 1/probability.

    The point is the one that was fatal least often so far, so that each has its turn however short the proof.
    """

    def __init__(self, probabilities: dict[str, float]) -> None:
        deaths = kills(Path(settings.VAR_DIR))
        self._point = min(probabilities, key=lambda point: (deaths[point], _random.random()))
        self._visits_left = _random.randint(1, max(round(2 / probabilities[self._point]) - 1, 1))

    def visit(self, point: str) -> None:
        if point != self._point:
            return
        self._visits_left -= 1
        if self._visits_left > 0:
            return
        if point == "during_http":
            time.sleep(_random.uniform(0, OPEN_CALLS_S))
        line = json.dumps({"point": point, "pid": os.getpid(), "wall": time.time()})
        log = os.open(Path(settings.VAR_DIR, LOG), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(log, f"{line}\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)


@functools.lru_cache(maxsize=1)
def _fate(pid: int) -> _Fate:
    """This process's; a fork gets its own."""
    return _Fate({point: chance for point, chance in settings.PROOF_KILLS.items() if point in POINTS and chance > 0})
