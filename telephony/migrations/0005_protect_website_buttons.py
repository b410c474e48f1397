from django.db import migrations

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    """Buttons on websites, and the calls that came by them, are seen by their own tenant only."""

    dependencies = [("telephony", "0004_website_buttons")]

    operations = [ProtectTenantRows("Widget"), ProtectTenantRows("WebCall")]
