from django.db import migrations

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    dependencies = [("calls", "0001_initial")]

    operations = [
        ProtectTenantRows("Call"),
        ProtectTenantRows("Turn"),
        ProtectTenantRows("CallEvent"),
        ProtectTenantRows("Recording"),
        ProtectTenantRows("UsageLine"),
    ]
