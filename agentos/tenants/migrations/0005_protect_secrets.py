from django.db import migrations

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    """Keys and secrets are seen by their own tenant only."""

    dependencies = [("tenants", "0004_data_keys_and_credentials")]

    operations = [ProtectTenantRows("DataKey"), ProtectTenantRows("Credential")]
