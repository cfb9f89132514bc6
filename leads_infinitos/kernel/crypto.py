"""Encryption and keyed digests with the keys the caller gives; rotation is a new key at the front of the list."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Undecryptable(Exception):
    """None of the given keys opens the text."""


def encrypt(text: str, *, keys: Sequence[str]) -> str:
    """`text` sealed with the first key, as ASCII."""
    return MultiFernet([Fernet(key) for key in keys]).encrypt(text.encode()).decode()


def decrypt(token: str, *, keys: Sequence[str]) -> str:
    """The text that `encrypt` sealed with any of `keys`. Raises Undecryptable."""
    try:
        return MultiFernet([Fernet(key) for key in keys]).decrypt(token.encode()).decode()
    except InvalidToken as error:
        raise Undecryptable from error


def digest(*parts: str, key: str) -> str:
    """A keyed fingerprint of the parts (hex), equal only for equal parts in the same order; not reversible."""
    message = "\x1f".join(parts).encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal, compared in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())
