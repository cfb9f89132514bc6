"""Everything that a proof may break is its own: a database, a Redis database, files, ports; removed at the end."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from campaigns.services.killpoints import POINTS
from leads_infinitos.portal.demo.stage import free_ports, temporary_database, temporary_redis

CALL_TIMEOUT_S = 2  # short, so that a lease ends in seconds: 10 to start, the call, 5 of margin
KILLS_PER_SEND = 1 / 150
FEWEST_KILLS, MOST_KILLS = 10, 100
# A process visits each point about once for so many messages: short proofs have small batches.
SENDS_PER_BATCH, LARGEST_BATCH = 2.5, 3.5
SQLITE_NAME = "leads.sqlite3"  # as the settings call it
OURS = (
    "EMAIL_URL",
    "GATEWAY_ALLOWED_HOSTS",
    "HOTMART_HOTTOK",
    "SEND_ONLY_TO",
    "ALLOWED_HOSTS",
    "SECURE_SSL_REDIRECT",
    "BEHIND_PROXY",
    "MIN_GAP_S",
    "WITNESS_URL",
)


def kill_chance(sends: int) -> float:
    """Of each visit at a point: so that a proof of so many sends kills often, and gets on all the same."""
    kills = min(max(sends * KILLS_PER_SEND, FEWEST_KILLS), MOST_KILLS)
    batch = min(SENDS_PER_BATCH + sends / 1000, LARGEST_BATCH)
    return min(kills * batch / sends, 0.5)


@contextmanager
def proof_environment(
    *, sends: int, broken: str = "", keep: bool = False, template: Path | None = None
) -> Iterator[tuple[dict[str, str], int]]:
    """The environment of the processes, and the portal's port. On the server that DATABASE_URL names, else embedded, and
    then from `template`: a SQLite database that is migrated already.

    Raises StageError, psycopg.Error or redis.RedisError when nothing of our own can be made there.
    """
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="leads-prova-"))
        if not keep:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        (port,) = free_ports(1)
        environment = _settings(os.environ, folder=folder, port=port)
        if environment.get("DATABASE_URL"):
            url = environment["DATABASE_URL"]
            environment["DATABASE_URL"] = stack.enter_context(temporary_database(url))
        elif template is not None:
            shutil.copy(template, folder / SQLITE_NAME)
        if environment.get("REDIS_URL"):
            environment["REDIS_URL"] = stack.enter_context(temporary_redis(environment["REDIS_URL"]))
        if broken:
            environment["PROOF_BREAK"] = broken
        else:
            environment["PROOF_KILLS"] = json.dumps(dict.fromkeys(POINTS, round(kill_chance(sends), 4)))
        yield environment, port


def _settings(given: Mapping[str, str], *, folder: Path, port: int) -> dict[str, str]:
    environment = {
        **given,
        "VAR_DIR": str(folder),
        "DEBUG": "1",
        "SANDBOX": "1",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CALL_TIMEOUT_S": str(CALL_TIMEOUT_S),
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
        "CELERY_SKIP_CHECKS": "1",
        "ENV_FILE": os.devnull,  # what a developer keeps in .env must not reach the proof
    }
    for name in OURS:
        environment.pop(name, None)
    return environment
