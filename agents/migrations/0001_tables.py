import agents.models
import django.contrib.postgres.fields
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from agentos.tenants.row_security import ProtectTenantRows


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
    replaces = [
        ("agents", "0001_initial"),
        ("agents", "0002_protect_rows"),
        ("agents", "0003_published_versions_never_change"),
        ("agents", "0004_version_tools"),
        ("agents", "0005_after_the_call"),
        ("agents", "0006_second_transcriber_and_hedging"),
        ("agents", "0007_transport_options"),
        ("agents", "0008_knowledge"),
        ("agents", "0009_redaction"),
        ("agents", "0010_own_tools"),
        ("agents", "0011_protect_own_tools"),
        ("agents", "0012_openai_realtime"),
        ("agents", "0013_words_of_passages"),
        ("agents", "0014_proposals"),
        ("agents", "0015_protect_proposals"),
        ("agents", "0016_native"),
        ("agents", "0017_vendor_lists"),
        ("agents", "0018_protect_vendor_lists"),
        ("agents", "0019_escalation"),
    ]

    initial = True

    dependencies = [
        ("tenants", "0001_tables"),
    ]

    operations = [
        migrations.CreateModel(
            name="Agent",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=80)),
                (
                    "rehearsing",
                    models.CharField(
                        choices=[
                            ("required", "Nothing is published before they pass"),
                            ("advisory", "What did not pass can be published all the same"),
                            ("off", "They are not played"),
                        ],
                        default="advisory",
                        max_length=8,
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("archived_at", models.DateTimeField(blank=True, editable=False, null=True)),
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
                "ordering": ["name", "created_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("archived_at", None)),
                        fields=("tenant", "name"),
                        name="agent_name_once_per_tenant",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AgentVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField(blank=True, editable=False, null=True)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("published_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("greeting", models.TextField(max_length=1000)),
                ("prompt", models.TextField(max_length=20000)),
                (
                    "variables",
                    models.JSONField(
                        blank=True, default=dict, help_text="Values for {{names}} when a call brings none."
                    ),
                ),
                ("language", models.CharField(default="en-US", max_length=12)),
                ("timezone", models.CharField(default="America/New_York", max_length=60)),
                ("farewell", models.CharField(default="Thank you for calling. Goodbye.", max_length=300)),
                (
                    "fallback_sentence",
                    models.CharField(default="I am sorry, give me one moment, please.", max_length=300),
                ),
                (
                    "transport",
                    models.CharField(
                        choices=[
                            ("media_streams", "Media Streams: our ears and voice"),
                            ("conversation_relay", "ConversationRelay: the carrier's ears and voice"),
                            ("openai_realtime", "OpenAI Realtime: one model hears, thinks and speaks"),
                            ("elevenlabs_native", "ElevenLabs: the whole conversation runs there"),
                        ],
                        default="media_streams",
                        max_length=20,
                    ),
                ),
                ("transport_options", models.JSONField(blank=True, default=dict)),
                ("stt_provider", models.CharField(default="offline", max_length=20)),
                ("stt_model", models.CharField(default="offline", max_length=80)),
                ("stt_options", models.JSONField(blank=True, default=dict)),
                ("llm_provider", models.CharField(default="offline", max_length=20)),
                ("llm_model", models.CharField(default="offline", max_length=80)),
                ("llm_options", models.JSONField(blank=True, default=dict)),
                ("tts_provider", models.CharField(default="offline", max_length=20)),
                ("tts_model", models.CharField(default="offline", max_length=80)),
                ("tts_voice", models.CharField(default="en-us", max_length=80)),
                ("tts_options", models.JSONField(blank=True, default=dict)),
                ("second_stt_provider", models.CharField(blank=True, max_length=20)),
                ("second_stt_model", models.CharField(blank=True, max_length=80)),
                ("second_llm_provider", models.CharField(blank=True, max_length=20)),
                ("second_llm_model", models.CharField(blank=True, max_length=80)),
                ("second_tts_provider", models.CharField(blank=True, max_length=20)),
                ("second_tts_model", models.CharField(blank=True, max_length=80)),
                ("second_tts_voice", models.CharField(blank=True, max_length=80)),
                ("hedging", models.BooleanField(default=True)),
                (
                    "hedge_after_ms",
                    models.PositiveIntegerField(
                        default=900,
                        validators=[
                            django.core.validators.MinValueValidator(300),
                            django.core.validators.MaxValueValidator(1500),
                        ],
                    ),
                ),
                ("keyterms", models.JSONField(blank=True, default=list)),
                ("tools", models.JSONField(blank=True, default=list, help_text="Each with its name and settings.")),
                (
                    "endpointing_ms",
                    models.PositiveIntegerField(
                        default=300,
                        validators=[
                            django.core.validators.MinValueValidator(100),
                            django.core.validators.MaxValueValidator(3000),
                        ],
                    ),
                ),
                (
                    "interruption",
                    models.CharField(
                        choices=[
                            ("off", "Never stop"),
                            ("words", "Stop after some words"),
                            ("voice", "Stop when the caller's voice lasts"),
                        ],
                        default="voice",
                        max_length=10,
                    ),
                ),
                (
                    "interruption_words",
                    models.PositiveIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(10),
                        ],
                    ),
                ),
                (
                    "interruption_ms",
                    models.PositiveIntegerField(default=0, validators=[django.core.validators.MaxValueValidator(2000)]),
                ),
                ("backchannels", models.JSONField(blank=True, default=agents.models.default_backchannels)),
                ("speculation", models.BooleanField(default=True)),
                (
                    "silence_timeout_s",
                    models.PositiveIntegerField(
                        default=6,
                        validators=[
                            django.core.validators.MinValueValidator(2),
                            django.core.validators.MaxValueValidator(60),
                        ],
                    ),
                ),
                ("silence_prompts", models.JSONField(blank=True, default=agents.models.default_silence_prompts)),
                (
                    "max_duration_s",
                    models.PositiveIntegerField(
                        default=900,
                        validators=[
                            django.core.validators.MinValueValidator(60),
                            django.core.validators.MaxValueValidator(14400),
                        ],
                    ),
                ),
                (
                    "duration_warning",
                    models.CharField(
                        blank=True, default="I am sorry, we have to finish in half a minute.", max_length=300
                    ),
                ),
                ("recording", models.BooleanField(default=False)),
                ("consent_notice", models.CharField(blank=True, default="This call is recorded.", max_length=300)),
                (
                    "redaction",
                    models.JSONField(blank=True, default=list, help_text="Kinds of personal data that are not stored."),
                ),
                (
                    "redacted_recording",
                    models.BooleanField(default=False, help_text="Keep the recording although text is redacted."),
                ),
                (
                    "escalation",
                    models.JSONField(blank=True, default=list, help_text="When a person is asked for, by rule."),
                ),
                ("analysis", models.BooleanField(default=True, help_text="The model reads each call once it is over.")),
                (
                    "success_criteria",
                    models.JSONField(blank=True, default=list, help_text="Sentences, each judged after a call."),
                ),
                (
                    "extraction",
                    models.JSONField(blank=True, default=list, help_text="Fields to fill in; see agents.findings."),
                ),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="agents.agent"
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        blank=True,
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
                "ordering": ["-number"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("agent", "number"), name="version_number_once_per_agent"),
                    models.UniqueConstraint(
                        condition=models.Q(("number", None)), fields=("agent",), name="one_draft_per_agent"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("number", None), ("published_at", None)),
                            models.Q(("number__isnull", False), ("published_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="version_published_at_only_when_numbered",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="agent",
            name="published",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="agents.agentversion",
            ),
        ),
        migrations.CreateModel(
            name="HttpTool",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(help_text="As models call it.", max_length=40)),
                ("title", models.CharField(max_length=80)),
                (
                    "description",
                    models.CharField(blank=True, help_text="For the model: what it does, and when.", max_length=600),
                ),
                ("method", models.CharField(default="GET", max_length=6)),
                (
                    "url",
                    models.CharField(blank=True, help_text="May hold {values}. Empty: not ready yet.", max_length=1000),
                ),
                (
                    "headers",
                    models.JSONField(
                        blank=True, default=dict, help_text="Ids of credentials, by the name of the header."
                    ),
                ),
                ("parameters", models.JSONField(blank=True, default=list)),
                ("readings", models.JSONField(blank=True, default=list)),
                (
                    "timeout_s",
                    models.PositiveIntegerField(
                        default=8,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(20),
                        ],
                    ),
                ),
                (
                    "changes",
                    models.BooleanField(
                        default=False, help_text="It has an effect there: the same wish is done once a call."
                    ),
                ),
                ("waits", models.BooleanField(default=True, help_text="The conversation waits for it.")),
                ("say_failed", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
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
                "ordering": ["title", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_at", None)), fields=("tenant", "name"), name="tool_once_per_name"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="KnowledgeGap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("question", models.CharField(max_length=300)),
                ("key", models.CharField(editable=False, max_length=300)),
                ("times", models.PositiveIntegerField(default=1)),
                ("last_call", models.UUIDField(editable=False, null=True)),
                ("last_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="gaps", to="agents.agent"
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
                "ordering": ["-times", "-last_at"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("agent", "key"), name="gap_once_per_agent")],
            },
        ),
        migrations.CreateModel(
            name="KnowledgeSource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("answer", "Question and answer"), ("document", "Document"), ("page", "Web page")],
                        max_length=10,
                    ),
                ),
                ("title", models.CharField(max_length=200)),
                (
                    "answer",
                    models.TextField(blank=True, help_text="Of a question, which is the title.", max_length=2000),
                ),
                ("url", models.URLField(blank=True, max_length=500)),
                ("file_name", models.CharField(blank=True, max_length=200)),
                ("upload", models.BinaryField(help_text="The file, until it has been read.", null=True)),
                ("language", models.CharField(default="en-US", max_length=12)),
                (
                    "status",
                    models.CharField(
                        choices=[("reading", "Being read"), ("ready", "Known"), ("failed", "Not read")],
                        default="reading",
                        max_length=10,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("characters", models.PositiveIntegerField(default=0)),
                (
                    "embedded_by",
                    models.CharField(
                        blank=True, help_text="The model of its vectors; empty: words alone.", max_length=80
                    ),
                ),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("read_at", models.DateTimeField(blank=True, null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        help_text="Empty: all of them.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="knowledge",
                        to="agents.agent",
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
                "ordering": ["title", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="KnowledgePassage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("index", models.PositiveIntegerField()),
                ("heading", models.CharField(blank=True, max_length=200)),
                ("text", models.TextField()),
                ("words", django.contrib.postgres.search.SearchVectorField(editable=False, null=True)),
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
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="passages",
                        to="agents.knowledgesource",
                    ),
                ),
            ],
            options={
                "ordering": ["source", "index"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [models.UniqueConstraint(fields=("source", "index"), name="passage_once_per_source")],
            },
        ),
        migrations.CreateModel(
            name="KnowledgeWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("word", models.TextField()),
                ("passages", django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
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
        migrations.CreateModel(
            name="McpServer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(help_text="Begins the names of its tools.", max_length=20)),
                ("title", models.CharField(max_length=80)),
                ("url", models.CharField(max_length=1000)),
                (
                    "headers",
                    models.JSONField(
                        blank=True, default=dict, help_text="Ids of credentials, by the name of the header."
                    ),
                ),
                (
                    "offered",
                    models.JSONField(
                        blank=True, default=list, help_text="Its tools, as it described them when it was asked."
                    ),
                ),
                (
                    "chosen",
                    models.JSONField(
                        blank=True, default=list, help_text="Those that agents can be given, as they were then."
                    ),
                ),
                ("asked_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
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
                "ordering": ["title", "pk"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_at", None)),
                        fields=("tenant", "name"),
                        name="mcp_server_once_per_name",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NativeAgent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("vendor_id", models.CharField(blank=True, max_length=80)),
                ("webhook_id", models.CharField(blank=True, max_length=80)),
                ("webhook_secret", models.TextField(blank=True, help_text="Sealed; see agentos/vault.py.")),
                ("webhook_url", models.CharField(blank=True, help_text="Where its reports are sent.", max_length=300)),
                ("written_at", models.DateTimeField(blank=True, null=True)),
                ("checked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "differs",
                    models.JSONField(blank=True, default=list, help_text="What reads otherwise there, in words."),
                ),
                ("differs_since", models.DateTimeField(blank=True, null=True)),
                (
                    "trouble",
                    models.CharField(
                        blank=True, help_text="Why it could not be written or read last time.", max_length=40
                    ),
                ),
                (
                    "agent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="native", to="agents.agent"
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
                        blank=True,
                        help_text="The version that was written there last.",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="agents.agentversion",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("description", models.TextField(max_length=2000)),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Being written"), ("ready", "To be looked at"), ("taken", "Taken over")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("content", models.JSONField(blank=True, default=dict, help_text="See agents.writing.shape.")),
                (
                    "provider",
                    models.CharField(blank=True, help_text="Whose model wrote it; empty: by rules.", max_length=20),
                ),
                ("model", models.CharField(blank=True, max_length=80)),
                ("trouble", models.CharField(blank=True, help_text="Why no model wrote it.", max_length=200)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "agent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="proposals",
                        to="agents.agent",
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
                "ordering": ["-created_at", "-pk"],
                "abstract": False,
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="VendorList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("provider", models.CharField(max_length=20)),
                (
                    "content",
                    models.JSONField(blank=True, default=dict, help_text="Models by what they do, and voices."),
                ),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("told_at", models.DateTimeField(blank=True, help_text="When the content was told.", null=True)),
                (
                    "trouble",
                    models.CharField(
                        blank=True,
                        choices=[("", "None"), ("refused", "It refuses the key"), ("away", "It did not answer")],
                        default="",
                        max_length=8,
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
                "ordering": ["provider"],
                "abstract": False,
                "base_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("tenant", "provider"), name="vendor_list_once_per_vendor")
                ],
            },
        ),
        ProtectTenantRows("Agent"),
        ProtectTenantRows("AgentVersion"),
        ProtectTenantRows("Proposal"),
        ProtectTenantRows("VendorList"),
        ProtectTenantRows("KnowledgeSource"),
        ProtectTenantRows("KnowledgePassage"),
        ProtectTenantRows("KnowledgeWord"),
        ProtectTenantRows("KnowledgeGap"),
        ProtectTenantRows("HttpTool"),
        ProtectTenantRows("McpServer"),
        ProtectTenantRows("NativeAgent"),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
