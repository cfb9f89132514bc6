"""The five plans that are sold or granted from the first day on, so that an account can be made right after `migrate`."""

from django.db import migrations

# slug, rank, numbers, daily per number, least and most per day, leads per 30 days, days
PLANS = [
    ("teste", 0, 1, 10, 10, 10, 100, 7),
    ("starter", 1, 1, 30, 30, 30, 1_000, None),
    ("pro", 2, 2, 30, 30, 30, 2_000, None),
    ("scale", 3, 4, 30, 30, 30, 4_000, None),
    ("infinite", 4, 20, 30, 10, 50, 10_000, None),
]


def make_plans(apps, schema_editor):
    Plan = apps.get_model("billing", "Plan")
    for slug, rank, numbers, daily, least, most, leads, days in PLANS:
        Plan.objects.get_or_create(
            slug=slug,
            version=1,
            defaults={
                "rank": rank,
                "numbers": numbers,
                "daily_per_number": daily,
                "daily_min": least,
                "daily_max": most,
                "extraction_quota": leads,
                "days": days,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [migrations.RunPython(make_plans, migrations.RunPython.noop)]
