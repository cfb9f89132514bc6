"""Downloads of tables, for the API and for pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header

from extraction.services import exports


def csv_response(table: Iterable[Sequence[str]], *, filename: str) -> StreamingHttpResponse:
    """The table as a CSV download that is written while it is sent."""
    response = StreamingHttpResponse(exports.csv_chunks(table), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = content_disposition_header(True, filename) or "attachment"
    return response
