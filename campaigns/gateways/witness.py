"""What remembers outside the database how far sending got: a Redis key, or a small file. It only ever goes up."""

from __future__ import annotations

import fcntl
import functools
import os
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote, urlsplit

import redis

TIMEOUT_S = 1.0
REDIS_SCHEMES = frozenset({"redis", "rediss", "unix"})

# One step on the server: two processes that raise at once leave the higher mark.
_RAISE = (
    "local held = redis.call('GET', KEYS[1])"
    " if not held or tonumber(ARGV[1]) > tonumber(held) then redis.call('SET', KEYS[1], ARGV[1]) end"
)


class WitnessUnreachable(Exception):
    """It cannot be read or written now; the text names the kind of error and nothing secret."""


class Witness(Protocol):
    def read(self) -> int | None:
        """The highest mark it was ever given; None where it was never written. Raises WitnessUnreachable."""
        ...

    def raise_to(self, mark: int) -> None:
        """Remember this mark unless a higher one is known. Raises WitnessUnreachable."""
        ...


def witness_at(url: str, *, installation: str, random_id: str) -> Witness:
    """The witness of one database: `redis://…` (also rediss, unix) or `file://` with a folder."""
    name = f"leads-witness-{quote(installation, safe='') or 'default'}-{random_id}"
    parts = urlsplit(url)
    if parts.scheme in REDIS_SCHEMES:
        return RedisWitness(url, name)
    return FileWitness(Path(unquote(parts.path)) / name)


class FileWitness:
    """A file that is replaced as a whole, so that a reader never meets half of it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int | None:
        try:
            return int(self._path.read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise WitnessUnreachable(type(error).__name__) from error

    def raise_to(self, mark: int) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)  # processes of this machine raise it one after the other
                held = self.read()
                if held is None or mark > held:
                    part = self._path.with_suffix(".part")
                    part.write_text(f"{mark}\n")
                    part.replace(self._path)
            finally:
                os.close(folder)
        except OSError as error:
            raise WitnessUnreachable(type(error).__name__) from error


class RedisWitness:
    def __init__(self, url: str, key: str) -> None:
        self._client, self._key = _client(url, os.getpid()), key

    def read(self) -> int | None:
        try:
            held = self._client.get(self._key)
            return None if held is None else int(held)
        except (redis.RedisError, ValueError) as error:
            raise WitnessUnreachable(type(error).__name__) from error

    def raise_to(self, mark: int) -> None:
        try:
            self._client.eval(_RAISE, 1, self._key, str(mark))
        except redis.RedisError as error:
            raise WitnessUnreachable(type(error).__name__) from error

    def forget(self) -> None:
        """Remove it, with the database it is about."""
        self._client.delete(self._key)


@functools.lru_cache(maxsize=4)
def _client(url: str, pid: int) -> redis.Redis:
    """One pool of connections per process."""
    return redis.Redis.from_url(url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S)
