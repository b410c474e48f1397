"""The countries to which callers may be put through: the platform allows some, a business chooses among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel import Locale
from django import forms
from django.conf import settings

from agentos.tenants.log import record
from agentos.tenants.models import Tenant
from calls.transfers.dialable import enabled_countries


def country_name(code: str) -> str:
    """In English, as people say it; the code where nobody knows a name."""
    return str(Locale("en").territories.get(code, code))


class CountriesForm(forms.Form):
    """What the business lets callers be put through to."""

    countries = forms.MultipleChoiceField(
        label="Countries",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one."},
        help_text="Premium and shared-cost numbers are never called, wherever they are.",
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        self.enabled = sorted(enabled_countries(), key=country_name)
        super().__init__(data, initial={"countries": self.enabled})
        allowed = [(code, country_name(code)) for code in settings.TRANSFER_COUNTRIES]
        self.fields["countries"].choices = allowed  # type: ignore[attr-defined]

    @property
    def is_choice(self) -> bool:
        """Whether there is anything to choose."""
        return len(settings.TRANSFER_COUNTRIES) > 1

    @property
    def words(self) -> str:
        """Which they are now."""
        return ", ".join(map(country_name, self.enabled))

    def save(self, tenant: Tenant) -> None:
        chosen = sorted(self.cleaned_data["countries"])
        Tenant.objects.filter(pk=tenant.pk).update(transfer_countries=chosen)
        words = f"Callers can be put through to numbers in: {', '.join(map(country_name, chosen))}"
        record("transfers.countries", words, subject="countries")
