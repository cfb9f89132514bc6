"""Pages that join several apps."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.access import AccountRequest, member_required


@require_safe
@member_required
def dashboard(request: AccountRequest) -> HttpResponse:
    return render(request, "portal/dashboard.html")
