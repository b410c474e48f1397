import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import phonenumber_field.modelfields
import uuid
from django.db import migrations, models

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    replaces = [
        ("telephony", "0001_initial"),
        ("telephony", "0002_protect_rows"),
        ("telephony", "0003_byoc_trunk"),
        ("telephony", "0004_website_buttons"),
        ("telephony", "0005_protect_website_buttons"),
    ]

    initial = True

    dependencies = [
        ("agents", "0001_tables"),
        ("calls", "0001_tables"),
        ("tenants", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="PhoneNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("e164", phonenumber_field.modelfields.PhoneNumberField(max_length=128, region=None, unique=True)),
                ("label", models.CharField(blank=True, max_length=60)),
                (
                    "byoc_trunk",
                    models.CharField(blank=True, help_text="Calls from it leave by this trunk of ours.", max_length=34),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="numbers",
                        to="agents.agent",
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
                "ordering": ["e164"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Widget",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                (
                    "domains",
                    models.JSONField(
                        default=list, help_text="Where it may be shown, see telephony/website/origins.py."
                    ),
                ),
                ("words", models.CharField(default="Talk to us", max_length=40)),
                ("color", models.CharField(default="#146350", help_text="As #rrggbb.", max_length=7)),
                ("captions", models.BooleanField(default=True)),
                (
                    "telephone",
                    models.CharField(blank=True, help_text="Given to those who cannot be served here.", max_length=16),
                ),
                (
                    "at_once",
                    models.PositiveIntegerField(
                        default=3,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(100),
                        ],
                    ),
                ),
                (
                    "a_day",
                    models.PositiveIntegerField(
                        default=100,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10000),
                        ],
                    ),
                ),
                (
                    "an_hour_each",
                    models.PositiveIntegerField(
                        default=6,
                        help_text="By address of the visitor.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000),
                        ],
                    ),
                ),
                (
                    "minutes",
                    models.PositiveIntegerField(
                        default=10,
                        help_text="Longest call.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(60),
                        ],
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("off_at", models.DateTimeField(blank=True, null=True)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="widgets", to="agents.agent"
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
                "ordering": ["created_at", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("a_day__gte", 1), ("an_hour_each__gte", 1), ("at_once__gte", 1), ("minutes__gte", 1)
                        ),
                        name="widget_limits_are_limits",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WebCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="calls.call"
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
                    "widget",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="calls", to="telephony.widget"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="CarrierEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("call_sid", models.CharField(max_length=40)),
                ("kind", models.CharField(max_length=20)),
                ("key", models.CharField(max_length=160)),
                ("payload", models.JSONField()),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "agent",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="agents.agent"),
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
                "ordering": ["received_at", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["tenant", "call_sid"], name="telephony_c_tenant__8ba25a_idx")],
                "constraints": [models.UniqueConstraint(fields=("tenant", "key"), name="carrier_event_once")],
            },
        ),
        ProtectTenantRows("PhoneNumber"),
        ProtectTenantRows("CarrierEvent"),
        ProtectTenantRows("Widget"),
        ProtectTenantRows("WebCall"),
    ]
