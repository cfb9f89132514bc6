"""A run that repeats the failures of a campaign points to it; on PostgreSQL both belong to the same account."""

import django.db.models.deletion
from django.db import migrations, models

NAME = "campaigns_campaign_retry_of_id_same_account"


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"ALTER TABLE campaigns_campaign ADD CONSTRAINT {NAME} FOREIGN KEY (account_id, retry_of_id)"
            " REFERENCES campaigns_campaign (account_id, id) DEFERRABLE INITIALLY DEFERRED"
        )


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE campaigns_campaign DROP CONSTRAINT {NAME}")


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0006_lane_dealt_count")]
    operations = [
        migrations.AddField(
            "campaign",
            "retry_of",
            models.ForeignKey(
                "campaigns.campaign",
                django.db.models.deletion.SET_NULL,
                null=True,
                blank=True,
                related_name="retries",
                verbose_name="novo envio de",
            ),
        ),
        migrations.RunPython(add, remove),
    ]
