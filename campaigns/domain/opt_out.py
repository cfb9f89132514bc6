"""Whether a reply asks to be left alone. Only the agreed words count, alone in the message; free text is read elsewhere."""

from __future__ import annotations

import unicodedata

WORDS = frozenset({"sair", "parar", "cancelar", "descadastrar", "remover", "stop"})


def asks_to_stop(text: str) -> bool:
    """Whether the whole message is one of the words, whatever its case, accents, punctuation or emoji around it."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(char for char in plain if char.isalnum() or char.isspace())
    return kept.strip() in WORDS
