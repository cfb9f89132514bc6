"""A text column that is encrypted at rest with the keys of FIELD_ENCRYPTION_KEY."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models

from leads_infinitos.kernel import crypto

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class EncryptedTextField(_TextField):
    """Holds a secret: sealed in the row, plain in Python. It cannot be searched; keep a digest beside it for that.

    A row that no key opens reads as an empty string, so that one lost key spoils no list and blocks no deletion.
    """

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return crypto.encrypt(text, keys=settings.FIELD_ENCRYPTION_KEYS) if text else text

    def from_db_value(self, value: str | None, expression: object, connection: BaseDatabaseWrapper) -> str | None:
        if not value:
            return value
        try:
            return crypto.decrypt(value, keys=settings.FIELD_ENCRYPTION_KEYS)
        except crypto.Undecryptable:
            return ""
