from django.db import migrations

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    dependencies = [("telephony", "0001_initial")]

    operations = [
        ProtectTenantRows("PhoneNumber"),
        ProtectTenantRows("CarrierEvent"),
    ]
