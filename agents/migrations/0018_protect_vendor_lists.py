from django.db import migrations

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    dependencies = [("agents", "0017_vendor_lists")]

    operations = [ProtectTenantRows("VendorList")]
