from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from leads_infinitos.checks import RULES, check_production

ROOT = Path(__file__).resolve().parent.parent
SECRET = secrets.token_urlsafe(60)

PROPER: dict[str, Any] = {
    "PRODUCTION": True,
    "SECRET_KEY": SECRET,
    "FIELD_ENCRYPTION_KEYS": [urlsafe_b64encode(os.urandom(32)).decode()],
    "ALLOWED_HOSTS": ["app.example.com"],
    "PUBLIC_URL": "https://app.example.com",
    "REDIS_URL": "redis://redis.example.com:6379/0",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.example.com",
    "HOTMART_HOTTOKS": [SECRET],
    "SANDBOX_WANTED": False,
    "GATEWAY_ALLOWED_HOSTS": ["gateway.example.com"],
    "MIN_GAP_S": 30.0,
    "WITNESS_URL": "redis://redis.example.com:6379/1",
    "SECURE_SSL_REDIRECT": True,
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
}
POSTGRES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
SQLITE = {"default": {"ENGINE": "django.db.backends.sqlite3"}}

WEAK: list[tuple[str, dict[str, Any]]] = [
    ("leads.E001", {"SECRET_KEY": ""}),
    ("leads.E001", {"SECRET_KEY": "x" * 49}),
    ("leads.E001", {"SECRET_KEY": "long-enough-" * 5, "DEVELOPMENT_KEY": "long-enough-" * 5}),
    ("leads.E002", {"FIELD_ENCRYPTION_KEYS": []}),
    ("leads.E002", {"FIELD_ENCRYPTION_KEYS": ["too-short"]}),
    ("leads.E002", {"FIELD_ENCRYPTION_KEYS": [PROPER["FIELD_ENCRYPTION_KEYS"][0], "development"]}),
    ("leads.E003", {"ALLOWED_HOSTS": []}),
    ("leads.E003", {"ALLOWED_HOSTS": ["app.example.com", "*"]}),
    ("leads.E004", {"PUBLIC_URL": "http://app.example.com"}),
    ("leads.E004", {"PUBLIC_URL": "https://127.0.0.1"}),
    ("leads.E004", {"PUBLIC_URL": "https://"}),
    ("leads.E006", {"REDIS_URL": ""}),
    ("leads.E007", {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"}),
    ("leads.E007", {"EMAIL_HOST": "localhost"}),
    ("leads.E008", {"HOTMART_HOTTOKS": []}),
    ("leads.E008", {"HOTMART_HOTTOKS": ["sandbox-hottok"]}),
    ("leads.E009", {"SANDBOX_WANTED": True}),
    ("leads.E010", {"GATEWAY_ALLOWED_HOSTS": ["gateway.example.com", "http://127.0.0.1:9100/mega"]}),
    ("leads.E010", {"GATEWAY_ALLOWED_HOSTS": ["localhost:9100"]}),
    ("leads.E010", {"GATEWAY_ALLOWED_HOSTS": ["http://[::1]:9100"]}),
    ("leads.E011", {"MIN_GAP_S": 29.9}),
    ("leads.E012", {"SECURE_PROXY_SSL_HEADER": None}),
    ("leads.E013", {"PROOF_WANTED": True}),
    ("leads.E014", {"WITNESS_URL": "redis://redis.example.com:6379/0"}),
    ("leads.E014", {"WITNESS_URL": "redis://:another-password@redis.example.com"}),
    ("leads.E014", {"WITNESS_URL": "rediss://redis.example.com/?db=0"}),
]


def ids(databases: dict[str, Any], changes: dict[str, Any]) -> list[str | None]:
    engine = databases["default"]["ENGINE"]
    # The engine is replaced in place: settings that are overridden would drop the connections.
    with override_settings(**{**PROPER, **changes}), pytest.MonkeyPatch.context() as patch:
        patch.setitem(settings.DATABASES["default"], "ENGINE", engine)
        return [message.id for message in check_production()]


def test_a_proper_production_is_not_refused() -> None:
    assert ids(POSTGRES, {}) == []


@pytest.mark.parametrize(("expected", "changes"), WEAK)
def test_each_weakness_is_refused_by_its_own_id(expected: str, changes: dict[str, Any]) -> None:
    assert ids(POSTGRES, changes) == [expected]


def test_the_development_database_is_refused() -> None:
    assert ids(SQLITE, {}) == ["leads.E005"]


def test_every_rule_has_a_case_and_an_id_of_its_own() -> None:
    assert [rule.id for rule in RULES] == sorted({case for case, _ in WEAK} | {"leads.E005"})


def test_development_is_never_refused() -> None:
    assert ids(SQLITE, {"PRODUCTION": False, "SECRET_KEY": "", "MIN_GAP_S": 0.0}) == []


def test_debug_off_alone_stops_every_command(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "VAR_DIR": str(tmp_path), "DEBUG": "0"}
    environment["SECRET_KEY"] = "short"
    command = [sys.executable, "manage.py", "check"]

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    refused = set(re.findall(r"leads\.E\d+", done.stderr))
    assert refused == {f"leads.E{number:03}" for number in (1, 2, 3, 4, 5, 6, 7, 8)}


def test_the_deployment_checks_are_clean_in_production() -> None:
    done = subprocess.run([".ci/check-deploy", sys.executable], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_a_name_without_a_value_is_not_set(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "ENV_FILE": str(ROOT / ".env.example"), "VAR_DIR": str(tmp_path)}
    code = "from leads_infinitos import settings as s; print(s.SECRET_KEY == s.DEVELOPMENT_KEY, s.HOTMART_HOTTOKS, s.EMBEDDED)"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout.split("\n")[0] == "True ['sandbox-hottok'] True"
