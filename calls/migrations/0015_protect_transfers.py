from django.db import migrations

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    """People of the business, and whom callers were put through to, are seen by their own tenant only."""

    dependencies = [("calls", "0014_transfers")]

    operations = [ProtectTenantRows("Colleague"), ProtectTenantRows("Transfer")]
