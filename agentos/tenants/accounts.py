"""How people sign in: by email and password; accounts are made by invitation or by `provision`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "This email and password do not belong together.",
        "too_many_login_attempts": "Too many wrong tries. Wait a quarter of an hour, or choose a new password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Built from the configured address: the Host header of whoever asked must not end up in somebody's mail."""
        path = urlsplit(super().get_reset_password_from_key_url(key)).path
        return f"{settings.PUBLIC_URL}{path}"

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """The pages themselves say what happened."""
