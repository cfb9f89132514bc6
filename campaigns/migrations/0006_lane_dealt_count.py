"""How many messages a campaign gave each of its numbers: leads are dealt by the room they have."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0005_restore_guard")]
    operations = [
        migrations.AddField(
            "campaignlane", "dealt_count", models.PositiveIntegerField("mensagens dadas", default=0)
        ),
    ]
