"""Keys to the JSON API: made, used, revoked. Their text exists once, in the answer of `issue_api_token`."""

from __future__ import annotations

import datetime as dt
import secrets

from accounts.errors import TooManyApiTokens
from accounts.models import ApiToken, Membership
from accounts.selectors import find_api_token, list_api_tokens, token_digest
from leads_infinitos.kernel.clock import local_day

PREFIX = "li_"  # so that secret scanners and people recognise one
MAX_TOKENS = 10


def issue_api_token(*, membership: Membership, name: str, now: dt.datetime) -> tuple[ApiToken, str]:
    """A new key and its text, which cannot be shown again. Raises TooManyApiTokens."""
    if list_api_tokens(membership).count() >= MAX_TOKENS:
        raise TooManyApiTokens(limit=MAX_TOKENS)
    text = PREFIX + secrets.token_urlsafe(30)  # 30 bytes are exactly 40 characters
    token = ApiToken.objects.create(
        membership=membership,
        name=name.strip() or "API",
        digest=token_digest(text),
        prefix=text[:8],
        created_at=now,
    )
    return token, text


def revoke_api_token(*, token: ApiToken, now: dt.datetime) -> None:
    """From now on the key opens nothing. Revoking twice keeps the first time."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=now)


def use_api_token(*, text: str, now: dt.datetime) -> Membership | None:
    """The membership that the key speaks for, noting the day of its use (one write a day); None when it opens nothing."""
    token = find_api_token(text)
    if token is None:
        return None
    today = local_day(now, token.membership.account.time_zone)
    if token.last_used_on != today:
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=today)
    return token.membership
