"""What people fill in about themselves and their team."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm, ResetPasswordForm, ResetPasswordKeyForm
from django import forms
from django.http import HttpRequest

from agentos.tenants.keys import SCOPES
from agentos.tenants.models import Role


class SignInForm(LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_email(self.fields["login"])
        self.fields["login"].widget.attrs["autofocus"] = True
        _as_password(self.fields["password"], "Password", autocomplete="current-password")
        self.fields["remember"].label = "Stay signed in on this computer"
        self.fields["remember"].initial = True


class ForgotPasswordForm(ResetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_email(self.fields["email"])

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """An unknown address gets a mail as well, so that neither the page nor its time tells who has an account."""
        if not self.users:
            email: str = self.cleaned_data["email"]
            get_adapter().send_mail("account/email/unknown_account", email, {"email": email})
            return email
        known: str = super().save(request, **kwargs)
        return known


class NewPasswordForm(ResetPasswordKeyForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _as_password(self.fields["password1"], "New password", autocomplete="new-password")
        self.fields["password1"].help_text = "At least 10 characters; a few words are easy to remember."
        _as_password(self.fields["password2"], "New password again", autocomplete="new-password")


class RoleForm(forms.Form):
    """A role for a member, out of those that the person asking may give."""

    role = forms.ChoiceField(choices=Role.choices)

    def __init__(self, *args: Any, roles: list[Role], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"] = forms.ChoiceField(choices=[(role.value, role.label) for role in roles])


class KeyForm(forms.Form):
    """A new key for a program."""

    name = forms.CharField(label="Name", max_length=60, help_text="Such as: Practice software.")
    scopes = forms.MultipleChoiceField(
        label="May",
        choices=[(scope.value, words) for scope, words in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one thing that it may do."},
    )


def _as_email(field: forms.Field) -> None:
    field.label = "Email"
    field.widget.attrs = {"autocomplete": "username"}


def _as_password(field: forms.Field, label: str, *, autocomplete: str) -> None:
    field.label, field.help_text = label, ""
    field.widget.attrs = {"autocomplete": autocomplete}
