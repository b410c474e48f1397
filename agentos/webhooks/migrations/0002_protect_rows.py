from django.db import migrations

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_endpoints_events_and_deliveries")]

    operations = [ProtectTenantRows(name) for name in ("Endpoint", "Event", "Delivery", "Try")]
