"""The image and the compose file, as far as they can be proved without a container engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "web", "worker", "sender", "beat")


def test_the_services_are_those_of_the_design() -> None:
    assert set(SERVICES) == {"postgres", "redis", *OURS}


@pytest.mark.parametrize("name", OURS)
def test_ours_run_one_image_as_production(name: str) -> None:
    service = SERVICES[name]

    assert service["image"] == "leads-infinitos"
    assert service["environment"]["DEBUG"] == "0"


@pytest.mark.parametrize("name", ["web", "worker", "sender", "beat"])
def test_ours_start_after_the_migration(name: str) -> None:
    conditions = {other: wanted["condition"] for other, wanted in SERVICES[name]["depends_on"].items()}

    assert conditions == {
        "postgres": "service_healthy",
        "redis": "service_healthy",
        "migrate": "service_completed_successfully",
    }


@pytest.mark.parametrize(("name", "path"), [("postgres", "/var/lib/postgresql"), ("redis", "/data")])
def test_data_lives_in_volumes_and_is_watched(name: str, path: str) -> None:
    volume, _, target = SERVICES[name]["volumes"][0].partition(":")

    assert volume in COMPOSE["volumes"]
    assert target == path
    assert SERVICES[name]["healthcheck"]["test"]


def test_a_sender_sends_one_batch_at_a_time() -> None:
    command = SERVICES["sender"]["command"]

    assert command[command.index("-c") + 1] == "1"
    assert command[command.index("-Q") + 1] == "sending"


def test_no_secret_has_a_default() -> None:
    names = re.findall(r"\$\{(\w+)([^}]*)\}", (ROOT / "docker-compose.yml").read_text())

    assert {"SECRET_KEY", "FIELD_ENCRYPTION_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"} <= {name for name, _ in names}
    assert all(rest.startswith(":?") for _, rest in names)


def test_what_compose_asks_for_is_documented() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    documented = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))

    assert asked <= documented


def test_only_the_portal_is_reachable_and_only_from_this_machine() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert ports == ["127.0.0.1:8000:8000"]


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    user, command = lines.index("USER leads"), max(i for i, line in enumerate(lines) if line.startswith("CMD"))

    assert user < command
    assert not any(line.startswith("USER") for line in lines[user + 1 :])


def test_secrets_and_data_stay_out_of_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()

    assert {".env", "var/", ".git/"} <= set(ignored)
