"""A lead and the import that made it belong to the same account, and PostgreSQL refuses otherwise (see 0002)."""

from django.db import migrations, models

FOREIGN_KEY = "extraction_lead_lead_import_id_same_account"


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"ALTER TABLE extraction_lead ADD CONSTRAINT {FOREIGN_KEY} FOREIGN KEY (account_id, lead_import_id)"
            " REFERENCES extraction_leadimport (account_id, id) DEFERRABLE INITIALLY DEFERRED"
        )


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"ALTER TABLE extraction_lead DROP CONSTRAINT {FOREIGN_KEY}")


class Migration(migrations.Migration):
    dependencies = [("extraction", "0003_import_undo_and_open_index")]
    operations = [
        migrations.AddConstraint(
            model_name="leadimport",
            constraint=models.UniqueConstraint(fields=("account", "id"), name="lead_import_of_account"),
        ),
        migrations.RunPython(add, remove),
    ]
