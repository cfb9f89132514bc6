from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from billing.models import Plan

pytestmark = pytest.mark.django_db

# slug: numbers, messages per day and number, least and most the customer may choose, leads per 30 days, days
TABLE = {
    "teste": (1, 10, 10, 10, 100, 7),
    "starter": (1, 30, 30, 30, 1_000, None),
    "pro": (2, 30, 30, 30, 2_000, None),
    "scale": (4, 30, 30, 30, 4_000, None),
    "infinite": (20, 30, 10, 50, 10_000, None),
}


def test_the_five_plans_are_there_after_migrate() -> None:
    plans = Plan.objects.filter(is_current=True).order_by("rank")
    assert {
        plan.slug: (
            plan.numbers,
            plan.daily_per_number,
            plan.daily_min,
            plan.daily_max,
            plan.extraction_quota,
            plan.days,
        )
        for plan in plans
    } == TABLE
    assert [plan.slug for plan in plans] == list(TABLE)


def test_the_database_refuses_two_current_versions_of_a_plan() -> None:
    plan = Plan.objects.get(slug="pro")
    with pytest.raises(IntegrityError, match=r"plan_one_current|billing_plan\.slug"), transaction.atomic():
        Plan.objects.create(
            slug="pro",
            version=plan.version + 1,
            rank=2,
            numbers=2,
            daily_per_number=30,
            daily_min=30,
            daily_max=30,
            extraction_quota=1,
        )
