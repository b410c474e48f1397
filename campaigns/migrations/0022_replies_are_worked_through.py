import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    """Every step of a person with a reply is kept, with what was before it."""

    dependencies = [
        ("campaigns", "0021_pace_price_and_caller"),
        ("tenants", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="donotcall",
            name="asked_again_at",
            field=models.DateTimeField(blank=True, help_text="Somebody asked for it once more.", null=True),
        ),
        migrations.AddField(
            model_name="reply",
            name="because",
            field=models.CharField(
                blank=True, help_text="The words, or the key, that led to the proposal.", max_length=120
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="note",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="reply",
            name="proposed_by",
            field=models.CharField(
                blank=True,
                choices=[("key", "a key"), ("rules", "their words"), ("model", "a model that read their words")],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="reply",
            name="version",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.CreateModel(
            name="ReplyStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(help_text="Of the reply, after this step.")),
                ("what", models.CharField(max_length=20)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("before", models.JSONField(default=dict)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reply",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="campaigns.reply"
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
                (
                    "undone_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["version"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("reply", "version"), name="reply_step_once_per_version")
                ],
            },
        ),
        ProtectTenantRows("ReplyStep"),
    ]
