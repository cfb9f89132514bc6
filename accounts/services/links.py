"""Links that open an account. Each is a secret: it goes into a mail that leaves now, never into a row or a log."""

from __future__ import annotations

from allauth.account import app_settings
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse

from accounts.models import User


def set_password_link(user: User) -> str:
    """An address where this person chooses a password: works once, for settings.PASSWORD_RESET_TIMEOUT seconds."""
    key = app_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
    uid = user_pk_to_url_str(user)
    return absolute(reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": key}))


def absolute(path: str) -> str:
    """The public address of a path. From settings, not from the request: a forged Host header must not reach a mail."""
    return f"{settings.PUBLIC_URL}{path}"
