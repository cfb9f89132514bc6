"""The text of one cell: what counts as blank, and how names, values and headers are cleaned."""

from __future__ import annotations

import re
import string
import unicodedata

NAME_MAX_CHARS = 300
VALUE_MAX_CHARS = 1_000

ERRORS = frozenset(
    ["#N/D", "#N/A", "#REF!", "#VALOR!", "#VALUE!", "#NOME?", "#NAME?", "#DIV/0!", "#NULO!", "#NULL!", "#NÚM!", "#NUM!"]
)
_BLANKS = frozenset({"", "'"})
_NO_NAME = frozenset({"nan", "none", "null", "undefined", "n/a", "n/d", "nd", "na", "s/n", "0", "desconhecido"}) | {
    "sem nome",
    "nao informado",
    "nao consta",
}
# Control characters and invisible marks. Tabs and line ends stay, as the white space they are, and so do U+200D and U+FE0F,
# because emoji are made with them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_WHITE_SPACE = re.compile(r"\s+")
_NOT_LETTER = re.compile("[^a-z]+")
_NOT_KEY = re.compile("[^a-z0-9]+")
_PHONE_AS_NAME = re.compile(r"[0-9\s()+\-./]+")
_DIGIT = re.compile("[0-9]")
_PUNCTUATION = frozenset(string.punctuation)


def visible(cell: str) -> str:
    """The cell without control characters and invisible marks, trimmed; white space inside is kept."""
    if cell.isascii() and cell.isprintable():
        return cell.strip()
    return _INVISIBLE.sub("", cell).strip()


def is_blank(text: str) -> bool:
    """Whether a text from `visible` says nothing: empty, a lone apostrophe or a spreadsheet error."""
    return text in _BLANKS or (text[0] == "#" and text.upper() in ERRORS)


def clean_value(cell: str) -> str:
    """The cell on one line, at most 1,000 characters; "" when it is blank."""
    text = visible(cell)
    return "" if is_blank(text) else _WHITE_SPACE.sub(" ", text)[:VALUE_MAX_CHARS].strip()


def clean_name(cell: str) -> str | None:
    """The name as it will be shown (case, HTML and formulas untouched: escape on output), or None for a stand-in."""
    text = _WHITE_SPACE.sub(" ", visible(unicodedata.normalize("NFC", cell[: NAME_MAX_CHARS * 40])))
    text = text.removeprefix("'").strip()[:NAME_MAX_CHARS].strip()
    return None if _is_no_name(text) else text


def _is_no_name(text: str) -> bool:
    if is_blank(text) or without_accents(text) in _NO_NAME:
        return True
    if _PHONE_AS_NAME.fullmatch(text) and len(_DIGIT.findall(text)) >= 8:
        return True
    return all(char == " " or char in _PUNCTUATION or unicodedata.category(char)[0] == "P" for char in text)


def without_accents(text: str) -> str:
    """The text in lower case without accents, for comparing."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).lower()


def header_key(cell: str) -> str:
    """What a header is compared by: letters a-z only ("Telefone 1" is "telefone"); "" for none."""
    return _NOT_LETTER.sub("", without_accents(cell[:VALUE_MAX_CHARS]))


def variable_key(header: str) -> str:
    """The name of a lead's variable ("Limite de crédito" is "limite_de_credito"); "" when nothing is left."""
    return _NOT_KEY.sub("_", without_accents(header)).strip("_")
