"""The root of all domain errors: a stable code and its values, never a sentence.

Each app's `texts.py` turns a code into Portuguese at the edge; `leads_infinitos.portal.api_errors` turns it into JSON.
"""

from __future__ import annotations

from typing import ClassVar


class DomainError(Exception):
    """Something the product refuses, with `code` (stable, snake case) and `params` (values for the sentence)."""

    code: ClassVar[str] = "error"

    def __init__(self, **params: object) -> None:
        super().__init__(self.code)
        self.params = params


class NotAllowed(DomainError):
    """The member's role does not permit the action."""

    code = "not_allowed"
