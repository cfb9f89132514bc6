"""What the parser answers: a kind, an identity, the WhatsApp ids to try, and what was repaired on the way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a text turned out to be."""

    MOBILE = "mobile"
    LANDLINE = "landline"  # may still be a WhatsApp Business account: needs evidence or a check
    SERVICE = "service"  # 0800, 4004 …: a company's line, never contacted
    FOREIGN = "foreign"
    UNRESOLVED = "unresolved"  # a person may be behind it, but no number can be read yet
    INVALID = "invalid"


SCIENTIFIC_NOTATION = "scientific_notation"
DDD_FROM_DEFAULT = "ddd_from_default"
DDD_INHERITED = "ddd_inherited"
NINTH_DIGIT_ADDED = "ninth_digit_added"

_KIND_OF_REASON = {
    "non_geographic": Kind.SERVICE,
    "shared_cost": Kind.SERVICE,
    "short_link": Kind.UNRESOLVED,
    "lid": Kind.UNRESOLVED,
    "missing_ddd": Kind.UNRESOLVED,
}


@dataclass(frozen=True, slots=True)
class Phone:
    """One reading of one number.

    `reason` is None exactly when the number is usable; `wa_ids` is empty exactly when it is not.
    """

    kind: Kind
    e164: str | None = None  # "+5511987654321"; None unless usable
    wa_ids: tuple[str, ...] = ()  # digits only, in the order to try them
    reason: str | None = None  # code: empty, no_digits, too_short, bad_ddd, missing_ddd, …
    from_whatsapp: bool = False  # read from a WhatsApp URL or id: evidence of an account
    repairs: tuple[str, ...] = ()  # what was changed, to be shown before the number is used

    @property
    def is_usable(self) -> bool:
        """Whether there is a number to keep: mobile, landline or foreign."""
        return self.e164 is not None


def refusal(reason: str) -> Phone:
    """A reading without a number, of the kind that `reason` implies."""
    return Phone(_KIND_OF_REASON.get(reason, Kind.INVALID), reason=reason)
