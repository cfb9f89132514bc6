"""Filling the holes of a text: `{nome}`, `{name}`, `{{nome}}` and the columns of the list. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

NAME_FIELDS = frozenset({"nome", "name"})
_HOLE = re.compile(r"\{\{\s*([^{}|]+?)\s*(?:\|([^{}]*))?\}\}|\{\s*([^{}|]+?)\s*(?:\|([^{}]*))?\}")


class Unrenderable(ValueError):
    """The text still has a brace or lacks a value, so it must never leave; `code` says which, `field` names the hole."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.field = field


def key_of(field: str) -> str:
    """How a hole is compared with a column: lower case, words joined by underscores."""
    return re.sub(r"\s+", "_", field.strip().lower())


def fields_of(text: str) -> list[str]:
    """The holes of a text in order, each once, as keys."""
    found = [key_of(match.group(1) or match.group(3)) for match in _HOLE.finditer(text)]
    return list(dict.fromkeys(found))


def render(text: str, *, values: Mapping[str, str], name_fallback: str = "") -> str:
    """The text with every hole filled: by its value, else by its own fallback `{nome|tudo bem}`, else by `name_fallback`.

    An empty name without a fallback closes the gap it leaves: "Oi {nome}, tudo" -> "Oi, tudo". Raises Unrenderable
    (`blank_placeholder` with the field, `leftover_brace`, `empty_text`): such a text is never sent. A value that holds a
    brace is a hole of somebody else's text, not a value: it counts as empty, so that no brace ever leaves.
    """
    leftover = _HOLE.sub("", text)
    if _BRACE.search(leftover):
        raise Unrenderable("leftover_brace")

    def fill(match: re.Match[str]) -> str:
        field = key_of(match.group(1) or match.group(3))
        own = match.group(2) if match.group(1) else match.group(4)
        value = values.get("nome" if field in NAME_FIELDS else field, "")
        if value.strip() and not _BRACE.search(value):
            return value
        if own is not None:
            return own or _NOTHING
        if field in NAME_FIELDS:
            return name_fallback or _NOTHING
        raise Unrenderable("blank_placeholder", field)

    filled = _HOLE.sub(fill, text)
    filled = re.sub(rf"^{_NOTHING}[ \t]*[,;:!.]?[ \t]*|[ \t]*{_NOTHING}", "", filled, flags=re.MULTILINE)
    if not filled.strip():
        raise Unrenderable("empty_text")
    if _BRACE.search(filled):  # of a fallback for the name
        raise Unrenderable("leftover_brace")
    return filled


_NOTHING = "\x00"
_BRACE = re.compile(r"[{}]")


def lead_values(*, name: str, city: str, uf: str, email: str, variables: Mapping[str, str]) -> dict[str, str]:
    """What a lead offers to the holes of a text; its own columns never hide the standard ones."""
    standard = {"nome": name, "cidade": city, "uf": uf, "email": email}
    return {**{key_of(key): value for key, value in variables.items()}, **{k: v for k, v in standard.items() if v}}


@dataclass(frozen=True, slots=True)
class TextProblem:
    """What is wrong with one variation: its index, a code, and the field it is about."""

    variation: int
    code: str
    field: str = ""


def check_texts(texts: Sequence[str], *, known: Iterable[str], limit: int) -> list[TextProblem]:
    """Every problem of a campaign's variations: empty, too long, loose braces, a hole that no list has a column for."""
    keys = NAME_FIELDS | {"cidade", "uf", "email"} | {key_of(name) for name in known}
    problems = []
    for index, text in enumerate(texts):
        if not text.strip():
            problems.append(TextProblem(index, "empty_text"))
        if len(text) > limit:
            problems.append(TextProblem(index, "text_too_long"))
        if _BRACE.search(_HOLE.sub("", text)):
            problems.append(TextProblem(index, "leftover_brace"))
        problems += [TextProblem(index, "unknown_field", field) for field in fields_of(text) if field not in keys]
    return problems
