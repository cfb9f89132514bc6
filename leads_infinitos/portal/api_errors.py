"""One shape for every refusal of the API: {"code": stable, "detail": one pt-BR sentence, "fields": only for bad input}."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from leads_infinitos.kernel.errors import DomainError, NotAllowed
from leads_infinitos.portal import texts


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Domain errors are 409 (403 for a role), the rest keeps DRF's status."""
    if isinstance(exc, DomainError):
        set_rollback()
        code = status.HTTP_403_FORBIDDEN if isinstance(exc, NotAllowed) else status.HTTP_409_CONFLICT
        return Response({"code": exc.code, "detail": texts.of(exc)}, status=code)
    response = exception_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, exceptions.ValidationError):
        fields = response.data if isinstance(response.data, dict) else {"non_field_errors": response.data}
        response.data = {"code": "invalid", "detail": "Confira os campos indicados.", "fields": fields}
    else:
        detail = response.data.get("detail", "") if isinstance(response.data, dict) else ""
        response.data = {"code": getattr(detail, "code", "error"), "detail": str(detail)}
    return response
