from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from agentos.tenants.row_security import ProtectTenantRows

# As in agents/knowledge/words.py, for all sources of the active tenant.
WRITE = """
insert into agents_knowledgeword (tenant_id, source_id, word, passages)
select passage.tenant_id, passage.source_id, word, array_agg(passage.id)
from agents_knowledgepassage passage, unnest(tsvector_to_array(passage.words)) word group by 1, 2, 3
"""


def write_words(apps: Any, schema_editor: Any) -> None:
    """Row by row of tenants, because the policies bind whoever migrates, too."""
    with schema_editor.connection.cursor() as cursor:
        for tenant_id in list(apps.get_model("tenants", "Tenant").objects.values_list("pk", flat=True)):
            cursor.execute("select set_config('app.tenant', %s, true)", [str(tenant_id)])
            cursor.execute(WRITE)
        cursor.execute("select set_config('app.tenant', '', true)")
        # Rows that have just been written hold events of their foreign keys, and a table with such is not altered.
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0012_openai_realtime"),
        ("tenants", "0005_protect_secrets"),
    ]

    operations = [
        migrations.CreateModel(
            name="KnowledgeWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.TextField()),
                (
                    "passages",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="agents.knowledgesource",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tenants.tenant",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["tenant", "word"], name="knowledge_words")],
                "constraints": [models.UniqueConstraint(fields=("source", "word"), name="word_once_per_source")],
            },
        ),
        migrations.RemoveIndex(model_name="knowledgepassage", name="passage_words"),
        ProtectTenantRows("KnowledgeWord"),
        migrations.RunPython(write_words, migrations.RunPython.noop),
    ]
