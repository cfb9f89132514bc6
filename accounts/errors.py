"""What accounts refuses."""

from __future__ import annotations

from leads_infinitos.kernel.errors import DomainError


class AccountError(DomainError):
    """Any refusal of this app."""


class TooManyApiTokens(AccountError):
    """The member holds as many working keys as allowed; `limit` says how many."""

    code = "too_many_api_tokens"


class UnknownTimeZone(AccountError):
    """The name is no IANA time zone."""

    code = "unknown_time_zone"
