"""What every test may count on: no network but loopback, cheap password hashes, and the cast with their browsers."""

from __future__ import annotations

import ipaddress
import itertools
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.test.utils import override_settings

from accounts.models import Membership
from tests.cast import Cast, make_cast


class NetworkBlocked(Exception):
    """A test reached for a host other than this machine."""


# Each test's database is another one: none may be measured by what an earlier test sent.
_witnesses = tempfile.TemporaryDirectory(prefix="leads-witness-", ignore_cleanup_errors=True)
_test_numbers = itertools.count(1)


def pytest_unconfigure() -> None:
    _witnesses.cleanup()


def pytest_configure() -> None:
    os.environ["WITNESS_URL"] = f"file://{_witnesses.name}/processes"  # of what tests start
    sys.addaudithook(_refuse_other_hosts)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # WhiteNoise then looks for a file when it is asked for, and does not miss the folder of collected files.
    settings.WHITENOISE_AUTOREFRESH = True


def _refuse_other_hosts(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = args[0]
    elif event in ("socket.connect", "socket.sendto"):
        address = args[1]
        if not isinstance(address, tuple):
            return  # a Unix socket
        host = address[0]
    else:
        return
    if not _is_here(host):
        raise NetworkBlocked(f"{event} {host!r}")


def _is_here(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def witness_folder() -> Iterator[Path]:
    """Where this test's database keeps its witness; made when something is sent."""
    folder = Path(_witnesses.name, str(next(_test_numbers)))
    with override_settings(WITNESS_URL=f"file://{folder}"):
        yield folder


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def ana(cast: Cast) -> Membership:
    """Owner of Padaria Sol."""
    return cast.ana


@pytest.fixture
def beto(cast: Cast) -> Membership:
    """Viewer in Ana's account."""
    return cast.beto


@pytest.fixture
def caio(cast: Cast) -> Membership:
    """Owner of another account."""
    return cast.caio


def browser_of(membership: Membership) -> Client:
    """A test client that is logged in as this member."""
    client = Client()
    client.force_login(membership.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def ana_browser(ana: Membership) -> Client:
    return browser_of(ana)


@pytest.fixture
def beto_browser(beto: Membership) -> Client:
    return browser_of(beto)


@pytest.fixture
def caio_browser(caio: Membership) -> Client:
    return browser_of(caio)
