"""A row and what it points to belong to the same account, and PostgreSQL refuses otherwise.

Django has no composite foreign keys; SQLite would lose triggers whenever a table is rebuilt, so there the services hold it.
"""

from django.db import migrations

# (table, column, referenced table): FOREIGN KEY (account_id, column) REFERENCES referenced (account_id, id)
PAIRS = (
    ("campaigns_sendlane", "connection_id", "campaigns_connection"),
    ("campaigns_campaignlist", "campaign_id", "campaigns_campaign"),
    ("campaigns_campaignlist", "list_id", "extraction_leadlist"),
    ("campaigns_campaignlane", "campaign_id", "campaigns_campaign"),
    ("campaigns_campaignlane", "lane_id", "campaigns_sendlane"),
    ("campaigns_campaignmessage", "campaign_id", "campaigns_campaign"),
    ("campaigns_campaignmessage", "lead_id", "extraction_lead"),
    ("campaigns_campaignmessage", "connection_id", "campaigns_connection"),
    ("campaigns_campaignexclusion", "campaign_id", "campaigns_campaign"),
    ("campaigns_campaignexclusion", "lead_id", "extraction_lead"),
    ("campaigns_attempt", "message_id", "campaigns_campaignmessage"),
    ("campaigns_contactmemory", "connection_id", "campaigns_connection"),
    ("campaigns_receipt", "connection_id", "campaigns_connection"),
    ("campaigns_receipt", "message_id", "campaigns_campaignmessage"),
    ("campaigns_reply", "connection_id", "campaigns_connection"),
    ("campaigns_reply", "message_id", "campaigns_campaignmessage"),
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
    dependencies = [("campaigns", "0002_initial"), ("extraction", "0002_same_account_on_both_ends")]
    operations = [migrations.RunPython(add, remove)]
