from django.db import migrations

FORWARDS = """
create function agents_version_is_immutable() returns trigger language plpgsql as $$
begin
    if old.number is not null
       and to_jsonb(new) - 'published_by_id' is distinct from to_jsonb(old) - 'published_by_id' then
        raise exception 'a published version never changes' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger version_is_immutable before update on agents_agentversion
    for each row execute function agents_version_is_immutable();
"""

BACKWARDS = """
drop trigger version_is_immutable on agents_agentversion;
drop function agents_version_is_immutable();
"""


class Migration(migrations.Migration):
    """A numbered version is a fact about calls that were made with it: the database itself refuses to edit it."""

    dependencies = [("agents", "0002_protect_rows")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
