"""Reads of billing for screens, the API and commands."""

from billing.selectors.accounts import find_account
from billing.selectors.entitlement import Entitlement, entitlement_for
from billing.selectors.licences import LicenceAnswer, licence_answer
from billing.selectors.plan_page import PlanPage, plan_page

__all__ = [
    "Entitlement",
    "LicenceAnswer",
    "PlanPage",
    "entitlement_for",
    "find_account",
    "licence_answer",
    "plan_page",
]
