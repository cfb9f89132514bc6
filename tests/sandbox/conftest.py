from __future__ import annotations

from collections.abc import Iterator

import pytest

from leads_infinitos.sandbox.client import SandboxClient
from leads_infinitos.sandbox.running import running_sandbox
from tests.sandbox.wire import Mega, Receiver, receiving


@pytest.fixture
def sandbox() -> Iterator[SandboxClient]:
    with running_sandbox() as client:
        yield client


@pytest.fixture
def mega(sandbox: SandboxClient) -> Mega:
    return Mega(sandbox.add_instance("loja", token="segredo", phone="5511900000077"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server
