"""`python -m tests`: the whole suite on SQLite, and beside it on PostgreSQL and Redis.

DATABASE_URL and REDIS_URL name the services of the second round; without both it brings its own. Arguments go to pytest.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.left_out import REPORT_VARIABLE
from tests.services import ServiceError, Services, throw_away_services

ROOT = Path(__file__).resolve().parent.parent
NO_TESTS_RAN = 5  # pytest's code
SERVICE_VARIABLES = ("DATABASE_URL", "REDIS_URL")


def main(arguments: list[str]) -> int:
    """0 when both rounds passed, and in CI when, besides, no test was left out."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="leads-report-") as folder:
        reports = [Path(folder, "sqlite.json"), Path(folder, "services.json")]
        try:
            with _services() as (name, services), ThreadPoolExecutor() as both:
                # Side by side: the tests that start real processes wait more than they work.
                rounds = [
                    both.submit(_round, "SQLite, embedded", {}, reports[0], arguments),
                    both.submit(_round, name, services.environment(), reports[1], arguments),
                ]
                codes = [one.result() for one in rounds]
        except ServiceError as error:
            sys.stderr.write(f"{error}\n")
            return 1
        left_out = _left_out(reports)
    if left_out:
        sys.stdout.write(f"Left out: {len(left_out)} tests ({'; '.join(sorted(set(left_out.values())))})\n")
    failed = any(code not in (0, NO_TESTS_RAN) for code in codes) or all(code == NO_TESTS_RAN for code in codes)
    return 1 if failed or (left_out and _in_ci()) else 0


@contextmanager
def _services() -> Iterator[tuple[str, Services]]:
    given = [os.environ.get(name) for name in SERVICE_VARIABLES]
    if all(given):
        yield "DATABASE_URL and REDIS_URL", Services(*(str(url) for url in given))
        return
    if any(given):
        raise ServiceError("Set both DATABASE_URL and REDIS_URL, or neither.")
    with throw_away_services() as services:
        yield "throw-away PostgreSQL and Valkey", services


def _round(name: str, services: dict[str, str], report: Path, arguments: list[str]) -> int:
    """One run of pytest; its output comes in one piece at its end, so that two of them can be read."""
    started = time.monotonic()
    # What a developer's shell or .env sets for the product must not decide whether its tests pass.
    kept = {name: value for name, value in os.environ.items() if name not in _product_variables()}
    environment = {**kept, **services, "ENV_FILE": os.devnull, REPORT_VARIABLE: str(report)}
    command = [sys.executable, "-m", "pytest", "-p", "tests.left_out", *arguments]
    sys.stdout.write(f"== Tests on {name}: started\n")
    sys.stdout.flush()
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    sys.stdout.write(f"{done.stdout}\n== Tests on {name}: {time.monotonic() - started:.0f} s\n\n")
    sys.stdout.flush()
    return done.returncode


def _product_variables() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def _left_out(reports: list[Path]) -> dict[str, str]:
    """Tests that no round ran, with the last reason given."""
    ran: set[str] = set()
    skipped: dict[str, str] = {}
    for report in reports:
        if report.exists():
            content = json.loads(report.read_text())
            ran.update(content["ran"])
            skipped.update(content["skipped"])
    return {test: reason for test, reason in skipped.items() if test not in ran}


def _in_ci() -> bool:
    return os.environ.get("CI", "") not in ("", "0", "false")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
