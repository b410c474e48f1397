from django.db import migrations

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    dependencies = [("agents", "0010_own_tools")]

    operations = [ProtectTenantRows("HttpTool"), ProtectTenantRows("McpServer")]
