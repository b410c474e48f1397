import calls.calendar.models
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from agentos.tenants.row_security import ProtectTenantRows


class Migration(migrations.Migration):
    replaces = [
        ("calls", "0001_initial"),
        ("calls", "0002_protect_rows"),
        ("calls", "0003_journal_cursor"),
        ("calls", "0004_briefing"),
        ("calls", "0005_calendar_and_followups"),
        ("calls", "0006_tool_runs"),
        ("calls", "0007_analysis"),
        ("calls", "0008_costs"),
        ("calls", "0009_no_public_holidays"),
        ("calls", "0010_left_messages"),
        ("calls", "0011_google_calendar"),
        ("calls", "0012_rehearsals"),
        ("calls", "0013_retention"),
        ("calls", "0014_transfers"),
        ("calls", "0015_protect_transfers"),
        ("calls", "0016_follow_google"),
        ("calls", "0017_rehearsals_aloud"),
        ("calls", "0018_warm_transfers"),
        ("calls", "0019_calls_ended_by_people"),
        ("calls", "0020_native"),
        ("calls", "0021_memory"),
        ("calls", "0022_web_calls"),
        ("calls", "0023_rehearsals_played"),
    ]

    initial = True

    dependencies = [
        ("agents", "0001_tables"),
        ("tenants", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Calendar",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(default="Appointments", max_length=60)),
                ("zone", models.CharField(max_length=60)),
                (
                    "hours",
                    models.JSONField(
                        default=calls.calendar.models.office_hours, help_text="From and to, by weekday; Monday is 0."
                    ),
                ),
                ("closed", models.JSONField(blank=True, default=list, help_text="Days off: from, to, note.")),
                ("slot_minutes", models.PositiveIntegerField(default=30)),
                ("buffer_minutes", models.PositiveIntegerField(default=0)),
                ("lead_minutes", models.PositiveIntegerField(default=60)),
                ("horizon_days", models.PositiveIntegerField(default=60)),
                (
                    "feed_id",
                    models.UUIDField(
                        blank=True, help_text="The address of its feed; a public route.", null=True, unique=True
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
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
                "ordering": ["pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "name"), name="calendar_once_per_name"),
                    models.CheckConstraint(
                        condition=models.Q(("slot_minutes__range", (5, 720))), name="calendar_slots_last"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("horizon_days__range", (1, 366))), name="calendar_horizon_is_near"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Call",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("phone", "Phone"),
                            ("browser", "Browser"),
                            ("rehearsal", "Rehearsal"),
                            ("web", "Website"),
                        ],
                        default="phone",
                        max_length=10,
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[("inbound", "Incoming"), ("outbound", "Outgoing")], default="inbound", max_length=10
                    ),
                ),
                ("from_number", models.CharField(blank=True, max_length=40)),
                ("to_number", models.CharField(blank=True, max_length=40)),
                ("origin", models.CharField(blank=True, help_text="The website from which it came.", max_length=255)),
                ("carrier_sid", models.CharField(blank=True, max_length=40, null=True)),
                (
                    "status",
                    models.CharField(
                        choices=[("ringing", "Ringing"), ("in_progress", "In progress"), ("ended", "Ended")],
                        default="ringing",
                        max_length=12,
                    ),
                ),
                (
                    "ending",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("caller", "Caller hung up"),
                            ("agent", "Agent said goodbye"),
                            ("silence", "Nobody spoke"),
                            ("limit", "Reached its longest duration"),
                            ("failure", "Agent could not go on"),
                            ("media_lost", "Audio was lost"),
                            ("refused", "Not answered"),
                            ("no_answer", "No answer"),
                            ("carrier", "Carrier ended it"),
                            ("transferred", "Put through to a person"),
                            ("operator", "A person of the business ended it"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "briefing",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        help_text="What the agent was told of whom it calls; empty for others.",
                    ),
                ),
                (
                    "segments",
                    models.PositiveIntegerField(default=0, help_text="How many processes carried it; over 1: resumed."),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "seen_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="When the call last gave a sign of life."
                    ),
                ),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="calls", to="agents.agent"
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
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="calls", to="agents.agentversion"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["tenant", "-created_at"], name="calls_call_tenant__718a78_idx"),
                    models.Index(fields=["tenant", "status"], name="calls_call_tenant__bec192_idx"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "carrier_sid"), name="call_once_per_carrier_sid"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", False), ("status", "ended")),
                            models.Q(models.Q(("status", "ended"), _negated=True), ("ended_at", None)),
                            _connector="OR",
                        ),
                        name="call_ended_at_only_when_ended",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Appointment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("booked", "Booked"), ("canceled", "Canceled")], default="booked", max_length=10
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "free_at",
                    models.DateTimeField(help_text="When the next may begin: its end, and the pause after it."),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "e164",
                    models.CharField(
                        blank=True, help_text="Their number, by which the contact is found.", max_length=40
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
                ("key", models.CharField(blank=True, max_length=120, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("canceled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "at_google",
                    models.CharField(
                        blank=True, help_text="The times that Google's calendar was last told.", max_length=80
                    ),
                ),
                (
                    "booked_by",
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
                (
                    "calendar",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="appointments", to="calls.calendar"
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="appointments",
                        to="calls.call",
                    ),
                ),
            ],
            options={
                "ordering": ["starts_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(fields=["tenant", "calendar", "starts_at"], name="calls_appoi_tenant__1a4bce_idx"),
                    models.Index(fields=["tenant", "e164", "starts_at"], name="calls_appoi_tenant__2f8a6e_idx"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "key"), name="appointment_once_per_key"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__gt", models.F("starts_at")), ("free_at__gte", models.F("ends_at"))
                        ),
                        name="appointment_takes_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("canceled_at__isnull", False), ("state", "canceled")),
                            models.Q(models.Q(("state", "canceled"), _negated=True), ("canceled_at__isnull", True)),
                            _connector="OR",
                        ),
                        name="appointment_canceled_at_only_when_canceled",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("state", "booked")),
                        expressions=[
                            (
                                models.Func(
                                    models.F("calendar_id"),
                                    models.F("calendar_id"),
                                    models.Value("[]"),
                                    function="int8range",
                                    output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField(),
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    models.F("starts_at"),
                                    models.F("free_at"),
                                    function="tstzrange",
                                    output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="appointments_never_overlap",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Analysis",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("done", "Done"), ("failed", "Failed")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="When it is tried next, while it waits."
                    ),
                ),
                ("tries", models.PositiveIntegerField(default=0)),
                (
                    "trouble",
                    models.CharField(blank=True, help_text="Why the last try failed, as a code.", max_length=40),
                ),
                ("summary", models.TextField(blank=True)),
                (
                    "result",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("resolved", "Resolved"),
                            ("follow_up", "Follow-up needed"),
                            ("unresolved", "Not resolved"),
                            ("nothing", "Nothing asked"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "sentiment",
                    models.CharField(
                        blank=True,
                        choices=[("positive", "Content"), ("neutral", "Neutral"), ("negative", "Unhappy")],
                        max_length=8,
                    ),
                ),
                (
                    "criteria",
                    models.JSONField(blank=True, default=list, help_text="Each with its verdict and the reason."),
                ),
                (
                    "fields",
                    models.JSONField(
                        blank=True, default=list, help_text="Each with its value and the words behind it."
                    ),
                ),
                (
                    "turns",
                    models.JSONField(blank=True, default=dict, help_text="Sentiment of the caller's turns, by index."),
                ),
                ("provider", models.CharField(blank=True, max_length=20)),
                ("model", models.CharField(blank=True, max_length=80)),
                ("made_at", models.DateTimeField(blank=True, null=True)),
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
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="analysis", to="calls.call"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "analyses",
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["tenant", "due_at"], name="analysis_due"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("made_at__isnull", False), ("state", "done")),
                            models.Q(models.Q(("state", "done"), _negated=True), ("made_at", None)),
                            _connector="OR",
                        ),
                        name="analysis_made_at_only_when_done",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CallBack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("e164", models.CharField(max_length=40)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("due_at", models.DateTimeField()),
                ("key", models.CharField(blank=True, max_length=120, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="call_backs",
                        to="calls.call",
                    ),
                ),
                (
                    "done_by",
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
                "ordering": ["due_at", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at", None)), fields=["tenant", "due_at"], name="call_backs_waiting"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "key"), name="call_back_once_per_key"),
                    models.CheckConstraint(
                        condition=models.Q(("done_at__isnull", False), ("done_by", None), _connector="OR"),
                        name="call_back_done_by_only_when_done",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("segment", models.PositiveIntegerField()),
                ("sequence", models.PositiveIntegerField()),
                ("kind", models.CharField(max_length=40)),
                ("at_ms", models.PositiveIntegerField()),
                ("data", models.JSONField(blank=True, default=dict)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="events", to="calls.call"
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
                "ordering": ["at_ms", "segment", "sequence"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("call", "segment", "sequence"), name="call_event_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Colleague",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("department", models.CharField(help_text="As callers would say it, such as billing.", max_length=60)),
                ("address", models.CharField(help_text="A telephone number, or a SIP address.", max_length=200)),
                (
                    "when",
                    models.CharField(
                        choices=[
                            ("open", "While the business is open"),
                            ("always", "At any time"),
                            ("never", "Not at the moment"),
                        ],
                        default="open",
                        max_length=6,
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[("straight", "Put straight through"), ("introduce", "Introduce the caller first")],
                        default="straight",
                        help_text="Introduced: the caller waits with music while this person hears what it is about, and presses 1.",
                        max_length=9,
                    ),
                ),
                (
                    "place",
                    models.PositiveIntegerField(default=1, help_text="Those with a lower place are tried first."),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
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
                "ordering": ["department", "place", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Cost",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("cents", models.DecimalField(decimal_places=4, max_digits=10)),
                ("parts", models.JSONField(default=dict, help_text="Cents by part: carrier, stt, llm, tts, analysis.")),
                ("unpriced", models.JSONField(default=list, help_text="What it used of that no price is known.")),
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="cost", to="calls.call"
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
            },
        ),
        migrations.CreateModel(
            name="GoogleLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sealed", models.TextField(blank=True, help_text="The tokens; see agentos/vault.py.")),
                ("connected_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, help_text="Google says that the permission is gone.", null=True),
                ),
                (
                    "busy",
                    models.JSONField(
                        blank=True, default=list, help_text="What else is taken there, from and to; for the page."
                    ),
                ),
                (
                    "followed_at",
                    models.DateTimeField(blank=True, help_text="Until when changes made there are known.", null=True),
                ),
                (
                    "calendar",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="google", to="calls.calendar"
                    ),
                ),
                (
                    "connected_by",
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
            },
        ),
        migrations.CreateModel(
            name="JournalCursor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("segment", models.PositiveIntegerField()),
                ("sequence", models.PositiveIntegerField(default=0)),
                (
                    "call",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="calls.call"),
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
                "constraints": [models.UniqueConstraint(fields=("call", "segment"), name="cursor_once_per_segment")],
            },
        ),
        migrations.CreateModel(
            name="Lead",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                ("e164", models.CharField(blank=True, max_length=40)),
                ("fields", models.JSONField(blank=True, default=dict, help_text="What was asked, by name.")),
                ("note", models.CharField(blank=True, max_length=500)),
                ("key", models.CharField(blank=True, max_length=120, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="leads",
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
                "ordering": ["-created_at", "-pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "indexes": [models.Index(fields=["tenant", "-created_at"], name="calls_lead_tenant__f1df5a_idx")],
                "constraints": [models.UniqueConstraint(fields=("tenant", "key"), name="lead_once_per_key")],
            },
        ),
        migrations.CreateModel(
            name="LeftMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=1000)),
                ("for_whom", models.CharField(blank=True, max_length=120)),
                ("name", models.CharField(blank=True, max_length=120)),
                ("e164", models.CharField(blank=True, max_length=40)),
                ("key", models.CharField(blank=True, max_length=120, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="messages",
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
                "ordering": ["-created_at", "-pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("tenant", "key"), name="left_message_once_per_key")],
            },
        ),
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
            name="NativeCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("vendor_agent", models.CharField(max_length=80)),
                ("conversation_id", models.CharField(blank=True, max_length=80)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "There"),
                            ("imported", "Imported"),
                            ("lost", "Never reported"),
                            ("erased", "Erased before it was reported"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                (
                    "wants_recording",
                    models.BooleanField(default=False, help_text="Its recording is still to be fetched."),
                ),
                (
                    "wants_deletion",
                    models.BooleanField(default=False, help_text="It is to be deleted there when all is here."),
                ),
                ("lasts_until", models.DateTimeField(help_text="By then it is certainly over.")),
                (
                    "due_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, help_text="When the vendor is asked next, if it has to be."
                    ),
                ),
                ("tries", models.PositiveIntegerField(default=0)),
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="native", to="calls.call"
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
                "indexes": [models.Index(fields=["state", "due_at"], name="native_call_due")],
            },
        ),
        migrations.CreateModel(
            name="Recording",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("file", models.CharField(help_text="Path below RECORDINGS_DIR.", max_length=200)),
                ("duration_ms", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="recording", to="calls.call"
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
            },
        ),
        migrations.CreateModel(
            name="Rehearsal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=120)),
                (
                    "lines",
                    models.JSONField(blank=True, default=list, help_text="What the caller says, one after the other."),
                ),
                ("persona", models.TextField(blank=True, max_length=1000)),
                ("goal", models.TextField(blank=True, max_length=1000)),
                (
                    "difficulty",
                    models.CharField(
                        choices=[
                            ("normal", "As people are"),
                            ("easy", "Patient and clear"),
                            ("hard", "In a hurry"),
                            ("interrupts", "Interrupts the agent"),
                            ("noisy", "On a noisy line"),
                            ("mumbles", "Mumbles"),
                            ("mistaken", "Gets a fact wrong at first"),
                            ("hearing", "Hard of hearing"),
                        ],
                        default="normal",
                        max_length=10,
                    ),
                ),
                (
                    "says",
                    models.JSONField(blank=True, default=list, help_text="What the agent must say at some point."),
                ),
                ("never_says", models.JSONField(blank=True, default=list)),
                ("uses", models.JSONField(blank=True, default=list, help_text="Names of tools that must be used.")),
                ("never_uses", models.JSONField(blank=True, default=list)),
                (
                    "criteria",
                    models.JSONField(
                        blank=True, default=list, help_text="Sentences that must hold, judged afterwards."
                    ),
                ),
                (
                    "answers",
                    models.JSONField(
                        blank=True, default=dict, help_text="What tools answer, by name; they change nothing."
                    ),
                ),
                (
                    "before_publishing",
                    models.BooleanField(default=True, help_text="Played before the draft goes live."),
                ),
                (
                    "takes_place",
                    models.DateTimeField(editable=False, help_text="When it pretends to be; empty for now.", null=True),
                ),
                ("from_call", models.UUIDField(editable=False, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rehearsals", to="agents.agent"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
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
                "ordering": ["name", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="RehearsalRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("passed", "Passed"),
                            ("failed", "Not passed"),
                            ("unjudged", "Could not be judged"),
                            ("broken", "Could not run"),
                        ],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("digest", models.CharField(max_length=24)),
                ("by_voice", models.BooleanField(default=False, help_text="Spoken and heard, in a call.")),
                (
                    "measures",
                    models.JSONField(blank=True, default=dict, help_text="Of a call: waits and interruptions, in ms."),
                ),
                (
                    "script",
                    models.JSONField(blank=True, default=list, help_text="Who said what, and which tools were used."),
                ),
                (
                    "findings",
                    models.JSONField(blank=True, default=list, help_text="Each check, whether it holds, and why."),
                ),
                ("trouble", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "call",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="calls.call",
                    ),
                ),
                (
                    "rehearsal",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="runs", to="calls.rehearsal"
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
                "ordering": ["-created_at", "-pk"],
                "abstract": False,
                "base_manager_name": "objects",
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
        migrations.CreateModel(
            name="Retention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recording_days", models.PositiveIntegerField(blank=True, null=True)),
                ("transcript_days", models.PositiveIntegerField(blank=True, null=True)),
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
                "constraints": [models.UniqueConstraint(fields=("tenant",), name="one_retention_per_tenant")],
            },
        ),
        migrations.CreateModel(
            name="ToolRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=120)),
                (
                    "turn",
                    models.PositiveIntegerField(
                        help_text="Index of the caller's turn in whose answer it was asked for."
                    ),
                ),
                ("tool_call_id", models.CharField(blank=True, max_length=80)),
                ("name", models.CharField(max_length=80)),
                ("title", models.CharField(blank=True, max_length=120)),
                ("arguments", models.JSONField(blank=True, default=dict)),
                ("result", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("refused", "Not allowed"),
                        ],
                        default="running",
                        max_length=8,
                    ),
                ),
                ("effect", models.BooleanField(default=True, help_text="It may have changed something.")),
                ("started_ms", models.PositiveIntegerField(default=0)),
                ("took_ms", models.PositiveIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="tool_runs", to="calls.call"
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
                "ordering": ["started_ms", "id"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("call", "key"), name="tool_run_once_per_wish")],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(editable=False, max_length=160, unique=True)),
                (
                    "room",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, help_text="Where they meet; nobody can guess it."
                    ),
                ),
                ("department", models.CharField(blank=True, max_length=60)),
                ("reason", models.CharField(blank=True, max_length=300)),
                ("people", models.JSONField(default=list)),
                ("tried", models.JSONField(default=list)),
                ("warm", models.BooleanField(default=False)),
                (
                    "summary",
                    models.CharField(
                        blank=True, help_text="What people hear before they take the call.", max_length=600
                    ),
                ),
                (
                    "fallback",
                    models.CharField(
                        choices=[
                            ("agent", "The agent comes back and offers a message"),
                            ("message", "The caller is asked for a message"),
                            ("call_back", "The caller is told that somebody will call back"),
                        ],
                        default="agent",
                        max_length=9,
                    ),
                ),
                (
                    "afterwards",
                    models.CharField(
                        choices=[("goodbye", "A friendly goodbye"), ("agent", "The agent comes back")],
                        default="goodbye",
                        max_length=7,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("dialing", "Being put through"),
                            ("returning", "Coming back"),
                            ("talking", "Talking"),
                            ("reached", "Put through"),
                            ("unreached", "Nobody was reached"),
                            ("left", "The caller hung up while waiting"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "began_at",
                    models.DateTimeField(blank=True, help_text="Since when the caller hears music.", null=True),
                ),
                (
                    "fetched_at",
                    models.DateTimeField(
                        blank=True, help_text="When the caller was last to leave the room.", null=True
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="transfers", to="calls.call"
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
            },
        ),
        migrations.CreateModel(
            name="Ring",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("place", models.PositiveIntegerField(help_text="Of the person among those of the transfer.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "Rings"),
                            ("answered", "Hears who waits"),
                            ("joined", "Talks with the caller"),
                            ("over", "Over"),
                        ],
                        default="asked",
                        max_length=8,
                    ),
                ),
                ("carrier_sid", models.CharField(blank=True, max_length=40)),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("is_down", models.BooleanField(default=False, help_text="The phone is known to have been put down.")),
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
                    "transfer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rings", to="calls.transfer"
                    ),
                ),
            ],
            options={
                "ordering": ["transfer", "place"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("transfer", "place"), name="ring_once_per_person")],
            },
        ),
        migrations.CreateModel(
            name="Turn",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("index", models.PositiveIntegerField(help_text="Order of creation within the call; never reused.")),
                ("speaker", models.CharField(choices=[("caller", "Caller"), ("agent", "Agent")], max_length=10)),
                ("kind", models.CharField(default="reply", max_length=20)),
                ("heard", models.TextField(blank=True)),
                ("unheard", models.TextField(blank=True)),
                (
                    "exact",
                    models.BooleanField(
                        default=True, help_text="Heard to the word by the provider's alignment, not estimated."
                    ),
                ),
                ("interrupted", models.BooleanField(default=False)),
                ("started_ms", models.PositiveIntegerField()),
                ("ended_ms", models.PositiveIntegerField()),
                ("timing", models.JSONField(blank=True, default=dict)),
                (
                    "extras",
                    models.JSONField(blank=True, default=dict, help_text="What else took part in it, such as tools."),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="turns", to="calls.call"
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
                "ordering": ["started_ms", "index"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("call", "index"), name="turn_once_per_call")],
            },
        ),
        migrations.CreateModel(
            name="UsageLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=8)),
                ("provider", models.CharField(max_length=20)),
                ("model", models.CharField(max_length=80)),
                ("unit", models.CharField(max_length=16)),
                ("speculative", models.BooleanField(default=False)),
                ("quantity", models.PositiveBigIntegerField()),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="usage", to="calls.call"
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
                "ordering": ["kind", "unit", "speculative"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("call", "kind", "provider", "model", "unit", "speculative"),
                        name="usage_line_once_per_call",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Budget",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("monthly_cents", models.PositiveIntegerField()),
                (
                    "at_limit",
                    models.CharField(
                        choices=[
                            ("warn", "Only warn"),
                            ("hold", "Campaigns wait until the next month; callers are answered as ever"),
                            ("refuse", "Campaigns wait, and new callers hear that nobody can take the call"),
                        ],
                        default="hold",
                        max_length=8,
                    ),
                ),
                (
                    "month",
                    models.DateField(
                        blank=True, help_text="The first day of the month that `spent_cents` is of.", null=True
                    ),
                ),
                ("spent_cents", models.DecimalField(decimal_places=4, default=0, max_digits=12)),
                (
                    "told_percent",
                    models.PositiveIntegerField(default=0, help_text="Up to where people were told in this month."),
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
                "constraints": [
                    models.UniqueConstraint(fields=("tenant",), name="one_budget_per_tenant"),
                    models.CheckConstraint(
                        condition=models.Q(("monthly_cents__gt", 0)), name="budget_is_more_than_nothing"
                    ),
                ],
            },
        ),
        ProtectTenantRows("Call"),
        ProtectTenantRows("Turn"),
        ProtectTenantRows("ToolRun"),
        ProtectTenantRows("CallEvent"),
        ProtectTenantRows("Recording"),
        ProtectTenantRows("UsageLine"),
        ProtectTenantRows("JournalCursor"),
        ProtectTenantRows("Analysis"),
        ProtectTenantRows("Cost"),
        ProtectTenantRows("Budget"),
        ProtectTenantRows("Retention"),
        ProtectTenantRows("Calendar"),
        ProtectTenantRows("Appointment"),
        ProtectTenantRows("GoogleLink"),
        ProtectTenantRows("Lead"),
        ProtectTenantRows("LeftMessage"),
        ProtectTenantRows("CallBack"),
        ProtectTenantRows("Remembering"),
        ProtectTenantRows("Memory"),
        ProtectTenantRows("NativeCall"),
        ProtectTenantRows("Rehearsal"),
        ProtectTenantRows("RehearsalRun"),
        ProtectTenantRows("Colleague"),
        ProtectTenantRows("Transfer"),
        ProtectTenantRows("Ring"),
    ]
