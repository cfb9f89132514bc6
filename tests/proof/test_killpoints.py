from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.test import override_settings

from campaigns.services import killpoints
from leads_infinitos.portal.demo.stage import ROOT

SAY = """
import django
django.setup()
from django.conf import settings
from campaigns.services import killpoints
for _ in range(1000):
    for point in killpoints.POINTS:
        killpoints.reached(point)
print(len(settings.PROOF_KILLS), killpoints.is_off("claim"))
"""


def run(tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process that passes every point a thousand times, and says what is armed if it lives."""
    given = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "leads_infinitos.settings",
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(tmp_path),
        "LANG": "C.UTF-8",
        **environment,
    }
    command = [sys.executable, "-c", SAY]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


def test_nothing_dies_where_nothing_is_armed(tmp_path: Path) -> None:
    assert run(tmp_path).stdout == "0 False\n"


def test_settings_without_the_sandbox_do_not_read_the_environment(tmp_path: Path) -> None:
    done = run(tmp_path, SANDBOX="0", PROOF_KILLS='{"after_claim": 1.0}', PROOF_BREAK="claim")

    assert done.stdout == "0 False\n"


def test_a_protection_is_off_only_when_named(tmp_path: Path) -> None:
    assert run(tmp_path, PROOF_BREAK="claim").stdout == "0 True\n"
    assert run(tmp_path, PROOF_BREAK="pace").stdout == "0 False\n"


def test_an_armed_process_kills_itself_and_says_where(tmp_path: Path) -> None:
    done = run(tmp_path, PROOF_KILLS='{"after_claim": 0.1}')

    assert done.returncode == -signal.SIGKILL
    assert killpoints.kills(tmp_path) == Counter(after_claim=1)


def test_every_point_has_its_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "kill", lambda pid, number: None)
    monkeypatch.setattr(killpoints, "OPEN_CALLS_S", 0.0)
    with override_settings(PROOF_KILLS=dict.fromkeys(killpoints.POINTS, 0.5), VAR_DIR=tmp_path):
        for _ in range(2 * len(killpoints.POINTS)):
            killpoints._fate.cache_clear()
            before = killpoints.kills(tmp_path)
            while killpoints.kills(tmp_path) == before:
                for point in killpoints.POINTS:
                    killpoints.reached(point)
                    if killpoints.kills(tmp_path) != before:
                        break
    killpoints._fate.cache_clear()

    assert killpoints.kills(tmp_path) == dict.fromkeys(killpoints.POINTS, 2)
