from django.db import migrations

from agentos.tenants.row_security import ProtectTenantRows

TABLES = (
    "Contact",
    "Consent",
    "DoNotCall",
    "Registry",
    "RegistryNumber",
    "ContactImport",
    "Campaign",
    "ComplianceProfile",
    "AudioClip",
    "Target",
    "Attempt",
    "DialReceipt",
    "Reply",
)


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]

    operations = [ProtectTenantRows(table) for table in TABLES]
