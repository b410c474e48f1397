"""Who uses AgentOS: people, the businesses they work for, and what each may do there."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import slugify
from django.utils.timezone import now

from agentos.tenants.scoping import TenantModel
from agentos.tenants.zones import timezones


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with an email address; may work for several tenants."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False, help_text="May use the platform's own administration pages.")
    date_joined = models.DateTimeField(default=now, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        words = (self.name or self.email.split("@")[0].replace(".", " ")).split()
        return "".join(word[0] for word in words[:2]).upper()


class Tenant(models.Model):
    """A business on the platform."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    timezone = models.CharField(max_length=60, default="America/New_York")
    max_concurrent_calls = models.PositiveIntegerField(default=10)
    transfer_countries = models.JSONField(
        null=True, blank=True, help_text="Countries that callers may be put through to; empty for all that are allowed."
    )
    suspended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now, editable=False)

    members = models.ManyToManyField(User, through="Membership", related_name="tenants")

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.timezone not in timezones():
            raise ValidationError({"timezone": f"There is no time zone called {self.timezone}."})

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @classmethod
    def slug_for(cls, name: str) -> str:
        """A free slug that resembles `name`."""
        base = slugify(name)[:50] or "business"
        taken = set(cls.objects.filter(slug__startswith=base).values_list("slug", flat=True))
        return base if base not in taken else next(s for n in range(2, 10_000) if (s := f"{base}-{n}") not in taken)


class Role(models.TextChoices):
    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


class Membership(models.Model):
    """What one person may do in one tenant."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.VIEWER)
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tenant", "user"], name="membership_once_per_tenant")]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.tenant}"


class PublicRoute(models.Model):
    """To which tenant a public, unguessable id belongs: all that may be known before a tenant is entered."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return str(self.id)


class ApiKey(models.Model):
    """Lets a program act for one tenant, within its scopes. Only the hash of the key is kept.

    It is read before a tenant is entered: which one, the key itself says.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=60)
    begins = models.CharField(max_length=12, help_text="The first characters, by which people tell keys apart.")
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list, help_text="Permissions.")
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name


class DataKey(TenantModel):
    """A key with which secrets of one tenant are sealed, itself wrapped by the master key. See agentos/vault.py."""

    number = models.PositiveIntegerField(help_text="Counts up; the highest one seals.")
    wrapped = models.TextField()
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "number"], name="data_key_once_per_number")]

    def __str__(self) -> str:
        return f"data key {self.number}"


class Credential(TenantModel):
    """A secret that the business entrusted to us: written, used in its name, never shown again."""

    class Kind(models.TextChoices):
        VENDOR = "vendor", "Key of a vendor"
        HEADER = "header", "Header of a request"
        WEBHOOK = "webhook", "Signature of webhooks"
        ACCOUNT = "account", "Account at another service"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=80, help_text="Whose it is, such as: openai.")
    sealed = models.TextField(blank=True, help_text="See agentos/vault.py; empty once revoked.")
    ends = models.CharField(max_length=4, blank=True, help_text="The last characters, by which people tell keys apart.")
    created_at = models.DateTimeField(default=now, editable=False)
    created_by = models.CharField(max_length=160, blank=True, help_text="Their name at that time.")
    tested_at = models.DateTimeField(null=True, blank=True)
    works = models.BooleanField(null=True, blank=True)
    finding = models.CharField(max_length=200, blank=True, help_text="What the last test found.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta(TenantModel.Meta):
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "name"],
                condition=models.Q(kind="vendor", revoked_at=None),
                name="credential_one_key_per_vendor",
            ),
            models.CheckConstraint(
                name="credential_revoked_is_empty", condition=models.Q(revoked_at=None) | models.Q(sealed="")
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LogEntry(TenantModel):
    """Who did what, and when. Never changed and never removed; it outlives what it is about."""

    at = models.DateTimeField(default=now)
    who = models.CharField(max_length=160, help_text="Their name at that time.")
    who_ref = models.BigIntegerField(null=True, blank=True, help_text="Of the person; empty for a program.")
    what = models.CharField(max_length=40, help_text="Such as: campaign.started.")
    words = models.CharField(max_length=300)
    details = models.JSONField(default=dict, blank=True)
    subject = models.CharField(max_length=60, help_text="What it is about, such as: campaign 8c3f….")

    class Meta(TenantModel.Meta):
        ordering = ["-at", "-pk"]
        verbose_name_plural = "log entries"
        indexes = [models.Index(fields=["tenant", "subject", "-at"])]

    def __str__(self) -> str:
        return f"{self.who}: {self.words}"
