"""The people a business knows, what they agreed to, and the lists of those who are not called."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.timezone import now
from phonenumber_field.modelfields import PhoneNumberField

from agentos.tenants.models import User
from agentos.tenants.scoping import TenantModel


class Contact(TenantModel):
    """A person with a number. One store serves campaigns and calls; the number is who they are."""

    e164 = PhoneNumberField()
    name = models.CharField(max_length=120, blank=True)
    zone = models.CharField(max_length=60, blank=True, help_text="IANA name, where it is known.")
    state = models.CharField(max_length=2, blank=True)
    zip_code = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=12, blank=True, help_text="BCP 47; empty: the campaign's.")
    line_type = models.CharField(max_length=10, blank=True, help_text="landline or mobile; unknown counts as mobile.")
    sip_address = models.CharField(max_length=120, blank=True, help_text="Rung in place of the number: sip:user@host.")
    is_customer = models.BooleanField(default=False)
    fields = models.JSONField(default=dict, blank=True, help_text="Whatever else the business knows, by name.")
    tags = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(TenantModel.Meta):
        ordering = ["name", "e164"]
        constraints = [models.UniqueConstraint(fields=["tenant", "e164"], name="contact_once_per_number")]
        indexes = [models.Index(fields=["tenant", "name"])]

    def __str__(self) -> str:
        return self.name or str(self.e164)


class Consent(TenantModel):
    """That the owner of a number agreed to automated calls: to what, when, how, and until when.

    It belongs to the number: a contact that is deleted and imported again neither loses nor regains it.
    """

    class Tier(models.TextChoices):
        EXPRESS = "express", "Gave the number for this purpose"
        WRITTEN = "written", "In writing, to automated sales calls"

    e164 = PhoneNumberField()
    tier = models.CharField(max_length=10, choices=Tier, default=Tier.EXPRESS)
    source = models.CharField(max_length=120, help_text="Such as: patient form, January 2026.")
    evidence = models.TextField(blank=True)
    given_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_how = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta(TenantModel.Meta):
        ordering = ["-given_at"]
        constraints = [
            models.UniqueConstraint(fields=["tenant", "e164", "tier", "source", "given_at"], name="consent_once"),
            models.CheckConstraint(
                name="consent_revoked_after_given",
                condition=Q(revoked_at=None) | Q(revoked_at__gte=models.F("given_at")),
            ),
        ]
        indexes = [models.Index(fields=["tenant", "e164"])]

    def __str__(self) -> str:
        return f"{self.get_tier_display()}, {self.source}"


class DoNotCall(TenantModel):
    """A number that this business never calls again. It outlives the contact; only newer consent lifts it."""

    class Source(models.TextChoices):
        KEY = "key", "Pressed a key"
        VOICE = "voice", "Said so"
        SMS = "sms", "Wrote a text message"
        ADMIN = "admin", "Entered by a person"
        API = "api", "By the API"
        IMPORT = "import", "From a file"
        WRONG = "wrong", "Somebody else answers there"

    e164 = PhoneNumberField()
    source = models.CharField(max_length=10, choices=Source)
    since = models.DateTimeField(default=now)
    evidence = models.TextField(blank=True, help_text="What was said or pressed, and where to hear it.")
    asked_again_at = models.DateTimeField(null=True, blank=True, help_text="Somebody asked for it once more.")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_why = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta(TenantModel.Meta):
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "e164"], condition=Q(lifted_at=None), name="do_not_call_once_per_number"
            )
        ]
        indexes = [models.Index(fields=["tenant", "e164"])]

    def __str__(self) -> str:
        return f"{self.e164} since {self.since:%Y-%m-%d}"


class PlatformDoNotCall(models.Model):
    """A number that nobody on this platform calls."""

    e164 = PhoneNumberField(unique=True)
    source = models.CharField(max_length=120)
    since = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return str(self.e164)


class Registry(TenantModel):
    """One file of a national or state registry, as loaded by this business for one area code."""

    name = models.CharField(max_length=40, help_text="national, or the state whose list it is.")
    area_code = models.CharField(max_length=3)
    version = models.CharField(max_length=64, help_text="Hash of the file.")
    numbers = models.PositiveIntegerField(default=0)
    loaded_at = models.DateTimeField(default=now, help_text="When the registry was asked: from then on it grows old.")

    class Meta(TenantModel.Meta):
        ordering = ["name", "area_code", "-loaded_at"]
        verbose_name_plural = "registries"
        constraints = [
            models.UniqueConstraint(fields=["tenant", "name", "area_code"], name="registry_once_per_area_code")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.area_code}"


class RegistryNumber(TenantModel):
    """A listed number: the seven digits after the area code."""

    registry = models.ForeignKey(Registry, on_delete=models.CASCADE, related_name="listed")
    digits = models.PositiveIntegerField()

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["registry", "digits"], name="registry_number_once")]

    def __str__(self) -> str:
        return f"{self.digits:07}"


class RegistryFile(TenantModel):
    """A file of a registry on its way in: all of it, or nothing and the reason."""

    class Status(models.TextChoices):
        RUNNING = "running", "Loading"
        DONE = "done", "Loaded"
        FAILED = "failed", "Not loaded"

    name = models.CharField(max_length=40, help_text="national, or the state whose list it is.")
    file = models.CharField(max_length=200, help_text="Path below DATA_DIR.")
    asked_at = models.DateTimeField(help_text="When the registry was asked for it.")
    status = models.CharField(max_length=10, choices=Status, default=Status.RUNNING)
    numbers = models.PositiveIntegerField(default=0)
    area_codes = models.JSONField(default=list, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta(TenantModel.Meta):
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name}, {self.get_status_display()}"


class ContactImport(TenantModel):
    """A file of contacts on its way in: all of it or nothing, with the rejected rows to be downloaded."""

    class Status(models.TextChoices):
        MAPPING = "mapping", "Waiting for the columns"
        RUNNING = "running", "Reading"
        DONE = "done", "Imported"
        FAILED = "failed", "Not imported"

    name = models.CharField(max_length=200, help_text="Of the file, as uploaded.")
    file = models.CharField(max_length=200, help_text="Path below DATA_DIR.")
    status = models.CharField(max_length=10, choices=Status, default=Status.MAPPING)
    columns = models.JSONField(default=dict, help_text="Column of the file to field of the contact.")
    consent = models.JSONField(
        default=dict, blank=True, help_text="Tier, source and day, where the file brings consent."
    )
    rows = models.PositiveIntegerField(default=0)
    rows_read = models.PositiveIntegerField(default=0)
    added = models.PositiveIntegerField(default=0)
    merged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    report = models.CharField(max_length=200, blank=True, help_text="Path of the rejected rows below DATA_DIR.")
    problem = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta(TenantModel.Meta):
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name
