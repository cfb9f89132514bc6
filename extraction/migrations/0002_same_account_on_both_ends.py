"""A row and what it points to belong to the same account, and PostgreSQL refuses otherwise.

Django has no composite foreign keys; SQLite would lose triggers whenever a table is rebuilt, so there the services hold it.
"""

from django.db import migrations

# (table, column, referenced table): FOREIGN KEY (account_id, column) REFERENCES referenced (account_id, id)
PAIRS = (
    ("extraction_leadimport", "list_id", "extraction_leadlist"),
    ("extraction_lead", "list_id", "extraction_leadlist"),
)


def add(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, column, referenced in PAIRS:
        schema_editor.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_same_account FOREIGN KEY (account_id, {column})"
            f" REFERENCES {referenced} (account_id, id) DEFERRABLE INITIALLY DEFERRED"
        )


def remove(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    for table, column, _ in PAIRS:
        schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {table}_{column}_same_account")


class Migration(migrations.Migration):
    dependencies = [("extraction", "0001_initial")]
    operations = [migrations.RunPython(add, remove)]
