import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0020_native"),
        ("tenants", "0005_protect_secrets"),
    ]

    operations = [
        migrations.CreateModel(
            name="Memory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("e164", models.CharField(max_length=40)),
                ("kind", models.CharField(choices=[("fact", "Fact"), ("wish", "Wish")], default="fact", max_length=4)),
                ("text", models.CharField(max_length=160)),
                ("quote", models.CharField(blank=True, help_text="The words of the call that say it.", max_length=160)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "edited_by",
                    models.CharField(
                        blank=True, help_text="Who has changed it; empty: as it was heard.", max_length=120
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="memories",
                        to="calls.call",
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
                "ordering": ["at", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "e164", "text"), name="memory_once_per_number")
                ],
            },
        ),
        migrations.CreateModel(
            name="Remembering",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("e164", models.CharField(max_length=40)),
                ("agreed", models.BooleanField()),
                ("source", models.CharField(help_text="Such as: said so in a call, patient form.", max_length=120)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="calls.call",
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
                "constraints": [models.UniqueConstraint(fields=("tenant", "e164"), name="remembering_once_per_number")],
            },
        ),
        ProtectTenantRows("Remembering"),
        ProtectTenantRows("Memory"),
    ]
