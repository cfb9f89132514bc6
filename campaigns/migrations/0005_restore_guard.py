"""The restore guard's one row, with the random id that names this database's witness; and the watchdog's last alarm."""

import secrets

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def write_random_id(apps, schema_editor):
    apps.get_model("campaigns", "Installation").objects.get_or_create(
        pk=1, defaults={"random_id": secrets.token_hex(16)}
    )


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0004_gateway_events_and_decisions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='campaign',
            name='alarmed_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.CreateModel(
            name='Installation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('random_id', models.CharField(editable=False, max_length=32, verbose_name='identidade')),
                ('fingerprint', models.JSONField(blank=True, default=dict, verbose_name='impressão digital')),
                ('ledger_mark', models.BigIntegerField(default=0, verbose_name='envios registrados')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmada em')),
                ('confirmed_behind', models.BigIntegerField(blank=True, null=True, verbose_name='envios que faltavam')),
                ('confirmed_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='por')),
            ],
            options={
                'verbose_name': 'guarda de restauração',
                'verbose_name_plural': 'guarda de restauração',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='installation_is_one')],
            },
        ),
        migrations.RunPython(write_random_id, migrations.RunPython.noop),
    ]
