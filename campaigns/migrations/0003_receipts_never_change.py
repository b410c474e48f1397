from django.db import migrations

FORWARDS = """
create function campaigns_receipt_is_immutable() returns trigger language plpgsql as $$
begin
    raise exception 'a dial receipt never changes' using errcode = 'check_violation';
end $$;
create trigger receipt_is_immutable before update or delete on campaigns_dialreceipt
    for each row execute function campaigns_receipt_is_immutable();
"""

BACKWARDS = """
drop trigger receipt_is_immutable on campaigns_dialreceipt;
drop function campaigns_receipt_is_immutable();
"""


class Migration(migrations.Migration):
    """A receipt is written once: the database itself refuses to edit or to remove it."""

    dependencies = [("campaigns", "0002_protect_rows")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
