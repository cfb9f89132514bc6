from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from leads_infinitos.portal.proof.gateway import GatewayError, other_gateway
from leads_infinitos.portal.proof.rows import Instance

ONE = {"instance_key": "loja-1", "token": "segredo"}


def read(tmp_path: Path, content: Any, url: str = "http://127.0.0.1:9100/mega/") -> list[Instance]:
    file = tmp_path / "instances.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return other_gateway(url=url, instances=file, log=tmp_path / "log.jsonl").instances


def test_the_instances_are_those_of_the_file(tmp_path: Path) -> None:
    assert read(tmp_path, [ONE]) == [Instance("http://127.0.0.1:9100/mega", "loja-1", "segredo")]


@pytest.mark.parametrize("content", ["", "{}", [], [{}], [ONE, ONE], [["loja-1"]]])
def test_a_file_that_lists_no_instances_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(GatewayError):
        read(tmp_path, content)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GatewayError):
        other_gateway(url="http://127.0.0.1:9100/mega", instances=tmp_path / "none", log=tmp_path / "log")


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GatewayError):
        read(tmp_path, [ONE], url="http://usuario:senha@127.0.0.1/")
