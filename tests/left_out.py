"""A pytest plugin that writes down which tests ran and which were skipped, for `python -m tests` to compare its rounds."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

REPORT_VARIABLE = "LEFT_OUT_REPORT"


class Recorder:
    """Collects outcomes where reports arrive: in the only process, or in xdist's controller."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._ran: set[str] = set()
        self._skipped: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and not report.skipped:
            self._ran.add(report.nodeid)
        elif report.skipped and not hasattr(report, "wasxfail"):
            self._skipped[report.nodeid] = _reason(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._skipped[report.nodeid] = _reason(report)

    def pytest_sessionfinish(self) -> None:
        self._target.write_text(json.dumps({"ran": sorted(self._ran), "skipped": self._skipped}))


def pytest_configure(config: pytest.Config) -> None:
    target = os.environ.get(REPORT_VARIABLE)
    if target and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(Path(target)), "left-out-recorder")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")
