from django.db import migrations

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    dependencies = [("agents", "0014_proposals")]

    operations = [ProtectTenantRows("Proposal")]
