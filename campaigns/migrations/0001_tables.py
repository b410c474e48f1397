import django.db.models.deletion
import django.utils.timezone
import phonenumber_field.modelfields
import uuid
from django.conf import settings
from django.db import migrations, models

from agentos.tenants.row_security import ProtectTenantRows


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
    replaces = [
        ("campaigns", "0001_initial"),
        ("campaigns", "0002_protect_rows"),
        ("campaigns", "0003_receipts_never_change"),
        ("campaigns", "0020_clips_are_made_in_turns"),
        ("campaigns", "0021_pace_price_and_caller"),
        ("campaigns", "0022_replies_are_worked_through"),
        ("campaigns", "0023_test_calls"),
        ("campaigns", "0024_registry_files"),
        ("campaigns", "0025_address_that_rang"),
        ("campaigns", "0026_plan_is_kept"),
        ("campaigns", "0027_other_languages"),
        ("campaigns", "0028_refusals_of_the_carrier"),
        ("campaigns", "0029_what_was_spent"),
        ("campaigns", "0030_wrong_numbers"),
        ("campaigns", "0031_reading_costs"),
        ("campaigns", "0032_attempts_are_asked_when_claimed"),
        ("campaigns", "0033_erased_replies"),
    ]

    initial = True

    dependencies = [
        ("agents", "0001_tables"),
        ("calls", "0001_tables"),
        ("telephony", "0001_tables"),
        ("tenants", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="CarrierPace",
            fields=[
                ("key", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("next_at", models.DateTimeField(blank=True, null=True)),
                (
                    "throttles",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How often the carrier asked us to slow down."
                    ),
                ),
                ("throttled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "refused_at",
                    models.DateTimeField(blank=True, help_text="When it last said: too many requests.", null=True),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PlatformDoNotCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("e164", phonenumber_field.modelfields.PhoneNumberField(max_length=128, region=None, unique=True)),
                ("source", models.CharField(max_length=120)),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.CreateModel(
            name="AudioClip",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("content", models.CharField(help_text="Hash of text, voice, model and settings.", max_length=64)),
                ("text", models.TextField()),
                (
                    "voice",
                    models.JSONField(default=dict, help_text="Provider, model, voice and settings it is made with."),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("wanted", "Waiting"),
                            ("ready", "Ready"),
                            ("doubted", "Waits for a person"),
                            ("failed", "Not made"),
                        ],
                        default="wanted",
                        max_length=10,
                    ),
                ),
                ("file", models.CharField(blank=True, help_text="Name in the storage of clips.", max_length=200)),
                ("duration_ms", models.PositiveIntegerField(default=0)),
                (
                    "checks",
                    models.JSONField(blank=True, default=dict, help_text="What was heard in it, and what was missed."),
                ),
                (
                    "characters",
                    models.PositiveIntegerField(default=0, help_text="Given to the voice so far: what it cost."),
                ),
                ("tries", models.PositiveIntegerField(default=0)),
                ("claimed_until", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "approved_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "indexes": [models.Index(fields=["tenant", "status"], name="campaigns_a_tenant__77ddf3_idx")],
                "constraints": [models.UniqueConstraint(fields=("tenant", "content"), name="clip_once_per_content")],
            },
        ),
        migrations.CreateModel(
            name="Campaign",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=120)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "Draft"),
                            ("running", "Running"),
                            ("paused", "Paused"),
                            ("stopped", "Stopped"),
                            ("done", "Done"),
                        ],
                        default="draft",
                        max_length=10,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("message", "A message, answered by key or voice"),
                            ("agent", "A conversation with an agent"),
                        ],
                        default="message",
                        max_length=10,
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("informational", "Information"),
                            ("healthcare", "Health care"),
                            ("telemarketing", "Sales"),
                            ("debt", "Debt"),
                        ],
                        default="informational",
                        max_length=15,
                    ),
                ),
                (
                    "local_presence",
                    models.BooleanField(default=False, help_text="Show each person the nearest of our numbers."),
                ),
                ("language", models.CharField(default="en-US", max_length=12)),
                ("message", models.TextField(blank=True, help_text="With {{variables}}; said to each person.")),
                ("voicemail", models.TextField(blank=True, help_text="Said after the beep; empty: nothing is left.")),
                (
                    "translations",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text='Language to texts, such as {"es": {"message": "Hola …", "voicemail": ""}}.',
                    ),
                ),
                (
                    "keys",
                    models.JSONField(
                        blank=True, default=dict, help_text='Key to disposition, such as {"1": "confirmed"}.'
                    ),
                ),
                ("records_reply", models.BooleanField(default=False)),
                (
                    "hours",
                    models.JSONField(
                        blank=True, default=list, help_text="Monday to Sunday: [start, end] or null; theirs."
                    ),
                ),
                ("starts_at", models.DateTimeField(blank=True, null=True)),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("at_once", models.PositiveIntegerField(default=4)),
                ("calls_per_second", models.FloatField(default=1.0)),
                (
                    "retries",
                    models.JSONField(blank=True, default=dict, help_text="Outcome to minutes until the next attempt."),
                ),
                ("most_attempts", models.PositiveIntegerField(default=3)),
                ("budget_cents", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "confirmed",
                    models.JSONField(
                        blank=True, default=dict, help_text="What was confirmed before launch: by whom, when."
                    ),
                ),
                (
                    "planned",
                    models.JSONField(blank=True, editable=False, help_text="The dry run of its start.", null=True),
                ),
                ("pause_reason", models.CharField(blank=True, max_length=200)),
                (
                    "is_test",
                    models.BooleanField(default=False, editable=False, help_text="One call to whoever asked for it."),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "claimed_at",
                    models.DateTimeField(blank=True, editable=False, help_text="When it last had its turn.", null=True),
                ),
                (
                    "next_call_at",
                    models.DateTimeField(blank=True, editable=False, help_text="By its own pace.", null=True),
                ),
                (
                    "watched_from",
                    models.DateTimeField(blank=True, editable=False, help_text="Forgives failures before.", null=True),
                ),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="campaigns", to="agents.agent"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "number",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="campaigns",
                        to="telephony.phonenumber",
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
                    "test_of",
                    models.ForeignKey(
                        blank=True,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="tests",
                        to="campaigns.campaign",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["tenant", "status"], name="campaigns_c_tenant__09fbf3_idx")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("at_once__gt", 0), ("calls_per_second__gt", 0)), name="campaign_has_a_pace"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("e164", phonenumber_field.modelfields.PhoneNumberField(max_length=128, region=None)),
                ("number", models.PositiveIntegerField(default=1, help_text="First, second, …")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Carrier asked"),
                            ("unknown", "Outcome unknown"),
                            ("placed", "Placed"),
                            ("answered", "Answered"),
                            ("ended", "Ended"),
                        ],
                        default="asked",
                        max_length=10,
                    ),
                ),
                ("from_number", models.CharField(blank=True, help_text="What the person saw.", max_length=20)),
                ("to_address", models.CharField(blank=True, help_text="Rung in place of the number.", max_length=120)),
                ("carrier_sid", models.CharField(blank=True, max_length=40, null=True)),
                ("outcome", models.CharField(blank=True, max_length=20)),
                (
                    "answered_by",
                    models.CharField(blank=True, help_text="human, machine, fax or unknown.", max_length=20),
                ),
                ("key_pressed", models.CharField(blank=True, max_length=4)),
                ("claimed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("cost_cents", models.DecimalField(decimal_places=3, default=0, max_digits=9)),
                (
                    "priced_at",
                    models.DateTimeField(blank=True, help_text="When the carrier named the price itself.", null=True),
                ),
                (
                    "call",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="attempt",
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
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="attempts", to="campaigns.campaign"
                    ),
                ),
            ],
            options={
                "ordering": ["-claimed_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["tenant", "campaign", "state"], name="campaigns_a_tenant__b30cc7_idx"),
                    models.Index(fields=["tenant", "e164", "claimed_at"], name="campaigns_a_tenant__80b6a5_idx"),
                    models.Index(fields=["tenant", "campaign", "ended_at"], name="campaigns_a_tenant__d38fc7_idx"),
                    models.Index(
                        condition=models.Q(("cost_cents__gt", 0)),
                        fields=["tenant", "campaign"],
                        include=("cost_cents",),
                        name="attempt_what_was_spent",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "ended"), _negated=True),
                        fields=("tenant", "e164"),
                        name="one_live_attempt_per_number",
                    ),
                    models.UniqueConstraint(fields=("tenant", "carrier_sid"), name="attempt_once_per_carrier_sid"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", False), ("state", "ended")),
                            models.Q(models.Q(("state", "ended"), _negated=True), ("ended_at", None)),
                            _connector="OR",
                        ),
                        name="attempt_ended_at_only_when_ended",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CarrierLine",
            fields=[
                ("attempt_id", models.UUIDField(primary_key=True, serialize=False)),
                ("account", models.CharField(max_length=40)),
                ("taken_at", models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                "indexes": [models.Index(fields=["account", "taken_at"], name="campaigns_c_account_393684_idx")],
            },
        ),
        migrations.CreateModel(
            name="ComplianceProfile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "legal_name",
                    models.CharField(
                        blank=True, help_text="As registered; said at the start of a call.", max_length=200
                    ),
                ),
                (
                    "callback_number",
                    models.CharField(blank=True, help_text="Said in each call; takes opt-outs.", max_length=20),
                ),
                (
                    "overrides",
                    models.JSONField(
                        blank=True, default=list, help_text="States where automated sales calls are cleared."
                    ),
                ),
                (
                    "registrations",
                    models.JSONField(blank=True, default=list, help_text="States with a registration on file."),
                ),
                (
                    "relaxed_signed_by",
                    models.CharField(blank=True, help_text="Who signed off the wider hours.", max_length=120),
                ),
                ("relaxed_signed_at", models.DateTimeField(blank=True, null=True)),
                ("daily_cap", models.PositiveIntegerField(default=3)),
                (
                    "inbound_reserve",
                    models.PositiveIntegerField(default=2, help_text="Lines that campaigns leave free."),
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
                "constraints": [models.UniqueConstraint(fields=("tenant",), name="one_compliance_profile_per_tenant")],
            },
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("e164", phonenumber_field.modelfields.PhoneNumberField(max_length=128, region=None)),
                (
                    "tier",
                    models.CharField(
                        choices=[
                            ("express", "Gave the number for this purpose"),
                            ("written", "In writing, to automated sales calls"),
                        ],
                        default="express",
                        max_length=10,
                    ),
                ),
                ("source", models.CharField(help_text="Such as: patient form, January 2026.", max_length=120)),
                ("evidence", models.TextField(blank=True)),
                ("given_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                ("revoked_how", models.CharField(blank=True, max_length=120)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "ordering": ["-given_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["tenant", "e164"], name="campaigns_c_tenant__26262c_idx")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "e164", "tier", "source", "given_at"), name="consent_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("revoked_at", None), ("revoked_at__gte", models.F("given_at")), _connector="OR"
                        ),
                        name="consent_revoked_after_given",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("e164", phonenumber_field.modelfields.PhoneNumberField(max_length=128, region=None)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("zone", models.CharField(blank=True, help_text="IANA name, where it is known.", max_length=60)),
                ("state", models.CharField(blank=True, max_length=2)),
                ("zip_code", models.CharField(blank=True, max_length=10)),
                ("language", models.CharField(blank=True, help_text="BCP 47; empty: the campaign's.", max_length=12)),
                (
                    "line_type",
                    models.CharField(
                        blank=True, help_text="landline or mobile; unknown counts as mobile.", max_length=10
                    ),
                ),
                (
                    "sip_address",
                    models.CharField(
                        blank=True, help_text="Rung in place of the number: sip:user@host.", max_length=120
                    ),
                ),
                ("is_customer", models.BooleanField(default=False)),
                (
                    "fields",
                    models.JSONField(blank=True, default=dict, help_text="Whatever else the business knows, by name."),
                ),
                ("tags", models.JSONField(blank=True, default=list)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("updated_at", models.DateTimeField(auto_now=True)),
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
                "ordering": ["name", "e164"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["tenant", "name"], name="campaigns_c_tenant__37a43a_idx")],
                "constraints": [models.UniqueConstraint(fields=("tenant", "e164"), name="contact_once_per_number")],
            },
        ),
        migrations.CreateModel(
            name="ContactImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="Of the file, as uploaded.", max_length=200)),
                ("file", models.CharField(help_text="Path below DATA_DIR.", max_length=200)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("mapping", "Waiting for the columns"),
                            ("running", "Reading"),
                            ("done", "Imported"),
                            ("failed", "Not imported"),
                        ],
                        default="mapping",
                        max_length=10,
                    ),
                ),
                ("columns", models.JSONField(default=dict, help_text="Column of the file to field of the contact.")),
                (
                    "consent",
                    models.JSONField(
                        blank=True, default=dict, help_text="Tier, source and day, where the file brings consent."
                    ),
                ),
                ("rows", models.PositiveIntegerField(default=0)),
                ("rows_read", models.PositiveIntegerField(default=0)),
                ("added", models.PositiveIntegerField(default=0)),
                ("merged", models.PositiveIntegerField(default=0)),
                ("rejected", models.PositiveIntegerField(default=0)),
                (
                    "report",
                    models.CharField(blank=True, help_text="Path of the rejected rows below DATA_DIR.", max_length=200),
                ),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "ordering": ["-created_at"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="DialReceipt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.PositiveBigIntegerField()),
                (
                    "target_ref",
                    models.BigIntegerField(blank=True, help_text="Of the person in the campaign, for good.", null=True),
                ),
                ("attempt_ref", models.UUIDField(blank=True, null=True)),
                ("e164", phonenumber_field.modelfields.PhoneNumberField(max_length=128, region=None)),
                ("decided_at", models.DateTimeField()),
                ("answer", models.CharField(max_length=10)),
                ("body", models.JSONField(help_text="Facts, versions, zones, windows, reasons.")),
                ("previous", models.CharField(blank=True, max_length=64)),
                ("hash", models.CharField(max_length=64)),
                (
                    "campaign",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="receipts",
                        to="campaigns.campaign",
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
                "ordering": ["sequence"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["tenant", "e164"], name="campaigns_d_tenant__5cdc86_idx"),
                    models.Index(fields=["tenant", "campaign", "answer"], name="campaigns_d_tenant__a46708_idx"),
                ],
                "constraints": [models.UniqueConstraint(fields=("tenant", "sequence"), name="receipt_sequence_once")],
            },
        ),
        migrations.CreateModel(
            name="DoNotCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("e164", phonenumber_field.modelfields.PhoneNumberField(max_length=128, region=None)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("key", "Pressed a key"),
                            ("voice", "Said so"),
                            ("sms", "Wrote a text message"),
                            ("admin", "Entered by a person"),
                            ("api", "By the API"),
                            ("import", "From a file"),
                            ("wrong", "Somebody else answers there"),
                        ],
                        max_length=10,
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                ("evidence", models.TextField(blank=True, help_text="What was said or pressed, and where to hear it.")),
                (
                    "asked_again_at",
                    models.DateTimeField(blank=True, help_text="Somebody asked for it once more.", null=True),
                ),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lifted_why", models.CharField(blank=True, max_length=200)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "ordering": ["-since"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["tenant", "e164"], name="campaigns_d_tenant__e5bc49_idx")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at", None)),
                        fields=("tenant", "e164"),
                        name="do_not_call_once_per_number",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="EmergencySwitch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(max_length=2, unique=True)),
                ("until", models.DateTimeField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("set_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "set_by",
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
                "verbose_name_plural": "emergency switches",
            },
        ),
        migrations.CreateModel(
            name="Registry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="national, or the state whose list it is.", max_length=40)),
                ("area_code", models.CharField(max_length=3)),
                ("version", models.CharField(help_text="Hash of the file.", max_length=64)),
                ("numbers", models.PositiveIntegerField(default=0)),
                (
                    "loaded_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        help_text="When the registry was asked: from then on it grows old.",
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
                "verbose_name_plural": "registries",
                "ordering": ["name", "area_code", "-loaded_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "name", "area_code"), name="registry_once_per_area_code")
                ],
            },
        ),
        migrations.CreateModel(
            name="RegistryFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="national, or the state whose list it is.", max_length=40)),
                ("file", models.CharField(help_text="Path below DATA_DIR.", max_length=200)),
                ("asked_at", models.DateTimeField(help_text="When the registry was asked for it.")),
                (
                    "status",
                    models.CharField(
                        choices=[("running", "Loading"), ("done", "Loaded"), ("failed", "Not loaded")],
                        default="running",
                        max_length=10,
                    ),
                ),
                ("numbers", models.PositiveIntegerField(default=0)),
                ("area_codes", models.JSONField(blank=True, default=list)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "ordering": ["-created_at"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="RegistryNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digits", models.PositiveIntegerField()),
                (
                    "registry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="listed", to="campaigns.registry"
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
                "constraints": [models.UniqueConstraint(fields=("registry", "digits"), name="registry_number_once")],
            },
        ),
        migrations.CreateModel(
            name="Reply",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "status",
                    models.CharField(
                        choices=[("fetching", "On its way"), ("open", "To read"), ("handled", "Handled")],
                        default="fetching",
                        max_length=10,
                    ),
                ),
                ("recording_sid", models.CharField(blank=True, max_length=40)),
                ("file", models.CharField(blank=True, max_length=200)),
                ("duration_ms", models.PositiveIntegerField(default=0)),
                ("transcript", models.TextField(blank=True)),
                (
                    "proposed",
                    models.CharField(blank=True, help_text="The disposition that the words sound like.", max_length=20),
                ),
                (
                    "proposed_by",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("key", "a key"),
                            ("rules", "their words"),
                            ("model", "a model that read their words"),
                        ],
                        max_length=10,
                    ),
                ),
                ("confidence", models.FloatField(default=0.0)),
                (
                    "because",
                    models.CharField(
                        blank=True, help_text="The words, or the key, that led to the proposal.", max_length=120
                    ),
                ),
                (
                    "read_with",
                    models.JSONField(
                        blank=True, default=dict, help_text="Provider and model that read it, and the tokens."
                    ),
                ),
                (
                    "read_cents",
                    models.DecimalField(
                        decimal_places=4, default=0, help_text="What the model has cost.", max_digits=9
                    ),
                ),
                ("disposition", models.CharField(blank=True, max_length=20)),
                ("handled_at", models.DateTimeField(blank=True, null=True)),
                ("note", models.TextField(blank=True)),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("received_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "erased_at",
                    models.DateTimeField(
                        blank=True, help_text="Since when there is no sound of it any more.", null=True
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0)),
                (
                    "assigned_to",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "attempt",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reply", to="campaigns.attempt"
                    ),
                ),
                (
                    "handled_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "verbose_name_plural": "replies",
                "ordering": ["-received_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["tenant", "status", "-received_at"], name="campaigns_r_tenant__bb1771_idx")
                ],
            },
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
        migrations.CreateModel(
            name="Target",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("e164", phonenumber_field.modelfields.PhoneNumberField(max_length=128, region=None)),
                ("variables", models.JSONField(blank=True, default=dict)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("live", "Being called"),
                            ("done", "Done"),
                            ("left_out", "Not called"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("disposition", models.CharField(blank=True, max_length=20)),
                ("reason", models.CharField(blank=True, help_text="Why it is left out, or waits.", max_length=200)),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("attempts_made", models.PositiveIntegerField(default=0)),
                (
                    "campaign",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="targets", to="campaigns.campaign"
                    ),
                ),
                (
                    "clip",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="targets",
                        to="campaigns.audioclip",
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="targets",
                        to="campaigns.contact",
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
                "ordering": ["due_at", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        fields=["tenant", "campaign", "status", "due_at", "id"], name="campaigns_t_tenant__8055fd_idx"
                    )
                ],
                "constraints": [models.UniqueConstraint(fields=("campaign", "e164"), name="target_once_per_campaign")],
            },
        ),
        migrations.AddField(
            model_name="reply",
            name="target",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="replies", to="campaigns.target"
            ),
        ),
        migrations.AddField(
            model_name="attempt",
            name="target",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="attempts", to="campaigns.target"
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "ended"), _negated=True),
                fields=("target",),
                name="one_live_attempt_per_target",
            ),
        ),
        ProtectTenantRows("ComplianceProfile"),
        ProtectTenantRows("Contact"),
        ProtectTenantRows("Consent"),
        ProtectTenantRows("DoNotCall"),
        ProtectTenantRows("Registry"),
        ProtectTenantRows("RegistryNumber"),
        ProtectTenantRows("RegistryFile"),
        ProtectTenantRows("ContactImport"),
        ProtectTenantRows("Campaign"),
        ProtectTenantRows("AudioClip"),
        ProtectTenantRows("Target"),
        ProtectTenantRows("Attempt"),
        ProtectTenantRows("DialReceipt"),
        ProtectTenantRows("Reply"),
        ProtectTenantRows("ReplyStep"),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
