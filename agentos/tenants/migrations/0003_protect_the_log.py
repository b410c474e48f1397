from django.db import migrations

from agentos.tenants.row_security import ProtectTenantRows

FORWARDS = """
create function tenants_log_is_immutable() returns trigger language plpgsql as $$
begin
    raise exception 'the log never changes' using errcode = 'check_violation';
end $$;
create trigger log_is_immutable before update or delete on tenants_logentry
    for each row execute function tenants_log_is_immutable();
"""

BACKWARDS = """
drop trigger log_is_immutable on tenants_logentry;
drop function tenants_log_is_immutable();
"""


class Migration(migrations.Migration):
    """An entry of the log is written once, and seen by its own tenant only."""

    dependencies = [("tenants", "0002_keys_and_log")]

    operations = [ProtectTenantRows("LogEntry"), migrations.RunSQL(FORWARDS, BACKWARDS)]
