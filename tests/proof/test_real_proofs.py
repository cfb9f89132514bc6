"""Short proofs with real processes, on the form that the environment names; and each protection missed when it is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from campaigns.services.killpoints import POINTS, PROTECTIONS
from leads_infinitos.portal.demo.stage import ROOT
from leads_infinitos.portal.proof.stage import SQLITE_NAME, proof_environment

pytestmark = pytest.mark.e2e

embedded = pytest.mark.skipif(bool(settings.REDIS_URL), reason="the embedded form has neither PostgreSQL nor Redis")
on_servers = pytest.mark.skipif(not settings.REDIS_URL, reason="needs PostgreSQL and Redis")
FAULTS = ("duplicates", "over_pace", "over_limit", "cross_account", "unexplained")
CAUGHT_BY = {"claim": "duplicates", "pace": "over_pace", "quota": "over_limit", "account": "cross_account"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without rows, so that not every proof makes its own."""
    folder = tmp_path_factory.mktemp("template")
    environment = {**os.environ, "VAR_DIR": str(folder), "DATABASE_URL": "", "REDIS_URL": ""}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    return folder / SQLITE_NAME


def proof(*arguments: str, sends: int, broken: str = "", template: Path | None = None) -> tuple[int, dict[str, Any]]:
    """Exit code and JSON of a proof on a stage of its own."""
    command = [sys.executable, "manage.py", "prove_sending", "--json", "--sends", str(sends), "--settle", "20"]
    command += ["--break", broken] if broken else []
    with proof_environment(sends=sends, broken=broken, template=template) as (environment, port):
        done = subprocess.run(
            [*command, "--on-stage", str(port), *arguments],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode in (0, 1), done.stdout[-2000:] + done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return done.returncode, found


def assert_proved(code: int, found: dict[str, Any], *, sends: int) -> None:
    assert {name: found[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0), found
    assert code == 0
    assert found["sends"] >= sends
    assert [point for point in POINTS if not found["kills"][point]] == []


@on_servers
def test_servers_under_attack_send_nothing_twice_too_fast_or_too_much() -> None:
    code, found = proof(sends=200)

    assert_proved(code, found, sends=200)
    assert found["settled_share"] >= 0.95
    assert found["inflicted"]


@embedded
def test_the_embedded_form_under_attack_sends_nothing_twice_too_fast_or_too_much(template: Path) -> None:
    code, found = proof(sends=80, template=template)

    assert_proved(code, found, sends=80)
    assert found["settled_share"] is not None


@embedded
@pytest.mark.parametrize("protection", PROTECTIONS)
def test_a_missing_protection_is_noticed(protection: str, template: Path) -> None:
    code, found = proof(sends=60, broken=protection, template=template)

    assert code == 1
    assert found[CAUGHT_BY[protection]] > 0
