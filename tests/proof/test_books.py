from __future__ import annotations

import json
from pathlib import Path

from leads_infinitos.portal.proof.books import Line, parse_log, read_log, tag

MINE = {"instance": "mine", "to": "5511987654321", "text": f"Oi! {tag(3, 14)}", "wall": 10.5, "n": 1, "id": "3EB0"}


def test_a_line_names_its_account_and_message() -> None:
    (line,) = parse_log([json.dumps(MINE)], instances={"mine"}, since=0)

    assert line == Line("mine", "5511987654321", "Oi! [a3 m14]", 10.5)
    assert line.owner() == (3, 14)


def test_a_text_without_a_tag_has_no_owner() -> None:
    assert Line("mine", "5511987654321", "Oi!").owner() is None


def test_what_is_older_and_what_belongs_to_others_is_left_out() -> None:
    lines = [json.dumps({**MINE, "wall": 9}), json.dumps({**MINE, "instance": "theirs"}), json.dumps(MINE)]

    assert [line.wall for line in parse_log(lines, instances={"mine"}, since=10)] == [10.5]


def test_lines_come_in_order_of_time() -> None:
    lines = [json.dumps({**MINE, "wall": wall}) for wall in (3, 1, 2)]

    assert [line.wall for line in parse_log(lines, instances={"mine"}, since=0)] == [1, 2, 3]


def test_a_line_that_is_still_being_written_is_left_out(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(json.dumps(MINE) + '\n{"instance": "mi')

    assert len(read_log(log, instances={"mine"}, since=0)) == 1


def test_a_log_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert read_log(tmp_path / "log.jsonl", instances={"mine"}, since=0) == []
