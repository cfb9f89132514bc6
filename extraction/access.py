"""The only ways to get a list or an import that a member may see: someone else's is a 404."""

from __future__ import annotations

from django.http import Http404

from accounts.models import Membership
from extraction.models import LeadImport, LeadList
from extraction.selectors import find_import, find_list


def access_list(membership: Membership, list_id: int) -> LeadList:
    """The member's list. Raises Http404."""
    lead_list = find_list(membership.account, list_id)
    if lead_list is None:
        raise Http404
    return lead_list


def access_import(membership: Membership, import_id: int) -> LeadImport:
    """The member's import with its list. Raises Http404."""
    lead_import = find_import(membership.account, import_id)
    if lead_import is None:
        raise Http404
    return lead_import
