"""Who answers: an agent, its draft, and the versions it has published."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from agentos.tenants.models import User
from agentos.tenants.scoping import TenantModel

BACKCHANNELS = ["mm-hm", "mhm", "mm", "uh-huh", "uh huh", "yeah", "yes", "okay", "ok", "right", "sure", "i see"]


def default_backchannels() -> list[str]:
    return list(BACKCHANNELS)


def default_silence_prompts() -> list[str]:
    return ["Are you still there?", "I am still here if you need anything."]


class Agent(TenantModel):
    """A voice persona that answers calls. Its id is public and unguessable: the carrier's URLs carry it."""

    class Rehearsing(models.TextChoices):
        REQUIRED = "required", "Nothing is published before they pass"
        ADVISORY = "advisory", "What did not pass can be published all the same"
        OFF = "off", "They are not played"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    rehearsing = models.CharField(max_length=8, choices=Rehearsing, default=Rehearsing.ADVISORY)
    published = models.ForeignKey(
        "agents.AgentVersion", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(default=now, editable=False)
    archived_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["name", "created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"], condition=Q(archived_at=None), name="agent_name_once_per_tenant"
            )
        ]

    def __str__(self) -> str:
        return self.name


class AgentVersion(TenantModel):
    """Everything that decides how an agent behaves. The draft has no number; a numbered version never changes."""

    class Transport(models.TextChoices):
        MEDIA_STREAMS = "media_streams", "In the usual way: the agent hears and speaks"
        CONVERSATION_RELAY = "conversation_relay", "The phone company hears and speaks"
        OPENAI_REALTIME = "openai_realtime", "One model hears, thinks and speaks"
        ELEVENLABS_NATIVE = "elevenlabs_native", "The whole conversation runs at ElevenLabs"

    class Interruption(models.TextChoices):
        OFF = "off", "Never stop"
        WORDS = "words", "Stop after some words"
        VOICE = "voice", "Stop when the caller's voice lasts"

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(null=True, blank=True, editable=False)
    note = models.CharField(max_length=200, blank=True)
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    published_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)

    # What it says
    greeting = models.TextField(max_length=1000)
    prompt = models.TextField(max_length=20_000)
    variables = models.JSONField(default=dict, blank=True, help_text="Values for {{names}} when a call brings none.")
    language = models.CharField(max_length=12, default="en-US")
    other_languages = models.JSONField(
        default=list, blank=True, help_text="Those that a call may go on in, each with its voice if it has one."
    )
    timezone = models.CharField(max_length=60, default="America/New_York")
    farewell = models.CharField(max_length=300, default="Thank you for calling. Goodbye.")
    fallback_sentence = models.CharField(max_length=300, default="I am sorry, give me one moment, please.")

    # Who does the work
    transport = models.CharField(max_length=20, choices=Transport, default=Transport.MEDIA_STREAMS)
    transport_options = models.JSONField(default=dict, blank=True)
    stt_provider = models.CharField(max_length=20, default="offline")
    stt_model = models.CharField(max_length=80, default="offline")
    stt_options = models.JSONField(default=dict, blank=True)
    llm_provider = models.CharField(max_length=20, default="offline")
    llm_model = models.CharField(max_length=80, default="offline")
    llm_options = models.JSONField(default=dict, blank=True)
    tts_provider = models.CharField(max_length=20, default="offline")
    tts_model = models.CharField(max_length=80, default="offline")
    tts_voice = models.CharField(max_length=80, default="en-us")
    tts_options = models.JSONField(default=dict, blank=True)
    second_stt_provider = models.CharField(max_length=20, blank=True)
    second_stt_model = models.CharField(max_length=80, blank=True)
    second_llm_provider = models.CharField(max_length=20, blank=True)
    second_llm_model = models.CharField(max_length=80, blank=True)
    second_tts_provider = models.CharField(max_length=20, blank=True)
    second_tts_model = models.CharField(max_length=80, blank=True)
    second_tts_voice = models.CharField(max_length=80, blank=True)
    hedging = models.BooleanField(default=True)
    hedge_after_ms = models.PositiveIntegerField(
        default=900, validators=[MinValueValidator(300), MaxValueValidator(1500)]
    )
    keyterms = models.JSONField(default=list, blank=True)

    # What it can do
    tools = models.JSONField(default=list, blank=True, help_text="Each with its name and settings.")

    # Turn-taking
    endpointing_ms = models.PositiveIntegerField(
        default=300, validators=[MinValueValidator(100), MaxValueValidator(3000)]
    )
    interruption = models.CharField(max_length=10, choices=Interruption, default=Interruption.VOICE)
    interruption_words = models.PositiveIntegerField(
        default=1, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    interruption_ms = models.PositiveIntegerField(default=0, validators=[MaxValueValidator(2000)])
    backchannels = models.JSONField(default=default_backchannels, blank=True)
    speculation = models.BooleanField(default=True)

    # Silence, length, recording
    silence_timeout_s = models.PositiveIntegerField(default=6, validators=[MinValueValidator(2), MaxValueValidator(60)])
    silence_prompts = models.JSONField(default=default_silence_prompts, blank=True)
    max_duration_s = models.PositiveIntegerField(
        default=900, validators=[MinValueValidator(60), MaxValueValidator(14_400)]
    )
    duration_warning = models.CharField(
        max_length=300, default="I am sorry, we have to finish in half a minute.", blank=True
    )
    recording = models.BooleanField(default=False)
    consent_notice = models.CharField(max_length=300, default="This call is recorded.", blank=True)
    redaction = models.JSONField(default=list, blank=True, help_text="Kinds of personal data that are not stored.")
    redacted_recording = models.BooleanField(default=False, help_text="Keep the recording although text is redacted.")

    # People
    escalation = models.JSONField(default=list, blank=True, help_text="When a person is asked for, by rule.")

    # After the call
    analysis = models.BooleanField(default=True, help_text="The model reads each call once it is over.")
    success_criteria = models.JSONField(default=list, blank=True, help_text="Sentences, each judged after a call.")
    extraction = models.JSONField(default=list, blank=True, help_text="Fields to fill in; see agents.findings.")

    class Meta(TenantModel.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["agent", "number"], name="version_number_once_per_agent"),
            models.UniqueConstraint(fields=["agent"], condition=Q(number=None), name="one_draft_per_agent"),
            models.CheckConstraint(
                name="version_published_at_only_when_numbered",
                condition=Q(number=None, published_at=None) | Q(number__isnull=False, published_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return "draft" if self.is_draft else f"version {self.number}"

    @property
    def is_draft(self) -> bool:
        return self.number is None


class Proposal(TenantModel):
    """An agent as it was written from a few words about a business. Nothing of it counts until somebody takes it."""

    class State(models.TextChoices):
        WAITING = "waiting", "Being written"
        READY = "ready", "To be looked at"
        TAKEN = "taken", "Taken over"

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, null=True, blank=True, related_name="proposals")
    description = models.TextField(max_length=2000)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    content = models.JSONField(default=dict, blank=True, help_text="See agents.writing.shape.")
    provider = models.CharField(max_length=20, blank=True, help_text="Whose model wrote it; empty: by rules.")
    model = models.CharField(max_length=80, blank=True)
    trouble = models.CharField(max_length=200, blank=True, help_text="Why no model wrote it.")
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, editable=False, related_name="+")

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.description[:60]


class VendorList(TenantModel):
    """What a vendor offers this business, as it told when it last answered. See agents.vendor_lists."""

    class Trouble(models.TextChoices):
        NONE = "", "None"
        REFUSED = "refused", "It refuses the key"
        AWAY = "away", "It did not answer"

    provider = models.CharField(max_length=20)
    content = models.JSONField(default=dict, blank=True, help_text="Models by what they do, and voices.")
    asked_at = models.DateTimeField(default=now)
    told_at = models.DateTimeField(null=True, blank=True, help_text="When the content was told.")
    trouble = models.CharField(max_length=8, choices=Trouble, blank=True, default="")

    class Meta(TenantModel.Meta):
        ordering = ["provider"]
        constraints = [models.UniqueConstraint(fields=["tenant", "provider"], name="vendor_list_once_per_vendor")]

    def __str__(self) -> str:
        return self.provider


class KnowledgeSource(TenantModel):
    """Something that the business has written down for its agents: a document, a page of the web, or one answer."""

    class Kind(models.TextChoices):
        ANSWER = "answer", "Question and answer"
        DOCUMENT = "document", "Document"
        PAGE = "page", "Web page"

    class Status(models.TextChoices):
        READING = "reading", "Being read"
        READY = "ready", "Known"
        FAILED = "failed", "Not read"

    kind = models.CharField(max_length=10, choices=Kind)
    agent = models.ForeignKey(
        Agent,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="knowledge",
        help_text="Empty: all of them.",
    )
    title = models.CharField(max_length=200)
    answer = models.TextField(max_length=2000, blank=True, help_text="Of a question, which is the title.")
    url = models.URLField(max_length=500, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    upload = models.BinaryField(null=True, editable=False, help_text="The file, until it has been read.")
    language = models.CharField(max_length=12, default="en-US")
    status = models.CharField(max_length=10, choices=Status, default=Status.READING)
    problem = models.CharField(max_length=300, blank=True)
    characters = models.PositiveIntegerField(default=0)
    embedded_by = models.CharField(max_length=80, blank=True, help_text="The model of its vectors; empty: words alone.")
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, editable=False, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["title", "pk"]

    def __str__(self) -> str:
        return self.title


class KnowledgePassage(TenantModel):
    """A piece of a source that is found and quoted as one. Its vector, where the database takes one: vectors.py."""

    source = models.ForeignKey(KnowledgeSource, on_delete=models.CASCADE, related_name="passages")
    index = models.PositiveIntegerField()
    heading = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    words = SearchVectorField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        ordering = ["source", "index"]
        constraints = [models.UniqueConstraint(fields=["source", "index"], name="passage_once_per_source")]

    def __str__(self) -> str:
        return f"{self.source_id}: {self.index}"


class KnowledgeWord(TenantModel):
    """In which passages of a source a word stands; see knowledge/words.py."""

    source = models.ForeignKey(KnowledgeSource, on_delete=models.CASCADE, related_name="+", db_index=False)
    word = models.TextField()
    passages = ArrayField(models.BigIntegerField())

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["source", "word"], name="word_once_per_source")]
        indexes = [models.Index(fields=["tenant", "word"], name="knowledge_words")]

    def __str__(self) -> str:
        return self.word


class KnowledgeGap(TenantModel):
    """A question to which nothing was found, so that somebody may write the answer down. Asked again, it counts up."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="gaps")
    question = models.CharField(max_length=300)
    key = models.CharField(max_length=300, editable=False)
    times = models.PositiveIntegerField(default=1)
    last_call = models.UUIDField(null=True, editable=False)
    last_at = models.DateTimeField(default=now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["-times", "-last_at"]
        constraints = [models.UniqueConstraint(fields=["agent", "key"], name="gap_once_per_agent")]

    def __str__(self) -> str:
        return self.question


class HttpTool(TenantModel):
    """A request to another system of the business, which agents can be allowed to make. See agents/own_tools.py."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=40, help_text="As models call it.")
    title = models.CharField(max_length=80)
    description = models.CharField(max_length=600, blank=True, help_text="For the model: what it does, and when.")
    method = models.CharField(max_length=6, default="GET")
    url = models.CharField(max_length=1000, blank=True, help_text="May hold {values}. Empty: not ready yet.")
    headers = models.JSONField(default=dict, blank=True, help_text="Ids of credentials, by the name of the header.")
    parameters = models.JSONField(default=list, blank=True)
    readings = models.JSONField(default=list, blank=True)
    timeout_s = models.PositiveIntegerField(default=8, validators=[MinValueValidator(1), MaxValueValidator(20)])
    changes = models.BooleanField(default=False, help_text="It has an effect there: the same wish is done once a call.")
    waits = models.BooleanField(default=True, help_text="The conversation waits for it.")
    say_moment = models.CharField(max_length=300, blank=True)
    say_slow = models.CharField(max_length=300, blank=True)
    say_failed = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["title", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name"], condition=Q(removed_at=None), name="tool_once_per_name")
        ]

    def __str__(self) -> str:
        return self.title


class McpServer(TenantModel):
    """A server of tools that speaks the Model Context Protocol, and which of its tools agents can be given."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=20, help_text="Begins the names of its tools.")
    title = models.CharField(max_length=80)
    url = models.CharField(max_length=1000)
    headers = models.JSONField(default=dict, blank=True, help_text="Ids of credentials, by the name of the header.")
    offered = models.JSONField(default=list, blank=True, help_text="Its tools, as it described them when it was asked.")
    chosen = models.JSONField(default=list, blank=True, help_text="Those that agents can be given, as they were then.")
    asked_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["title", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"], condition=Q(removed_at=None), name="mcp_server_once_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.title


# Models of the parts of this app that stand in folders of their own.
from agents.native.models import NativeAgent  # noqa: E402, F401
