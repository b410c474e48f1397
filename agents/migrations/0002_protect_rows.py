from django.db import migrations

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    dependencies = [("agents", "0001_initial")]

    operations = [
        ProtectTenantRows("Agent"),
        ProtectTenantRows("AgentVersion"),
    ]
