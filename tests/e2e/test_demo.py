"""`manage.py demo` is the main job; it must end well, twice in a row, on whatever the environment names."""

from __future__ import annotations

import subprocess
import sys

import pytest

from leads_infinitos.portal.demo.stage import ROOT

pytestmark = pytest.mark.e2e


def test_the_demonstration_ends_with_counters_equal_to_the_accept_log() -> None:
    done = subprocess.run([sys.executable, "manage.py", "demo"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "cada pessoa uma vez" in done.stdout
