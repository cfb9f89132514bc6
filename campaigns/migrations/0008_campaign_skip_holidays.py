"""A campaign may stay silent on national holidays."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0007_campaign_retry_of")]
    operations = [
        migrations.AddField(
            "campaign", "skip_holidays", models.BooleanField("não enviar em feriados nacionais", default=False)
        ),
    ]
