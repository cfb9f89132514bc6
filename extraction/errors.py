"""What the leads app refuses."""

from __future__ import annotations

from leads_infinitos.kernel.errors import DomainError


class ExtractionError(DomainError):
    """Any refusal of this app."""


class ListNameMissing(ExtractionError):
    """A list needs a name."""

    code = "list_name_missing"


class ListNameTaken(ExtractionError):
    """The account has another list called `name`."""

    code = "list_name_taken"


class ListInUse(ExtractionError):
    """Something that is not finished still needs the list: `count` of them, with their `names` in one text."""

    code = "list_in_use"


class UploadTooLarge(ExtractionError):
    """The file has more than `limit_mb` megabytes."""

    code = "upload_too_large"


class UnknownDdd(ExtractionError):
    """`ddd` is none of the 67 Brazilian area codes."""

    code = "unknown_ddd"


class ImportNotFinished(ExtractionError):
    """Only an import that is done, and was not undone yet, can be undone."""

    code = "import_not_finished"


class ImportNotFailed(ExtractionError):
    """Only an import that was interrupted can be started again."""

    code = "import_not_failed"
