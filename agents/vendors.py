"""Vendors of hearing, thinking and speaking as accounts: how each is asked whether a key is good."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

import httpx2
from django.conf import settings

PATIENCE_S = 6.0


@dataclass(frozen=True, slots=True)
class Vendor:
    """A cheap question that only a valid key gets answered. `does` says what the vendor is for."""

    name: str
    label: str
    does: str
    path: str
    header: str
    scheme: str = ""
    others: tuple[tuple[str, str], ...] = ()

    def try_key(self, key: str) -> tuple[bool | None, str]:
        """Whether it works, None where that cannot be told now; and a sentence for the person."""
        base = settings.VENDORS[self.name]["base_url"]
        headers = {self.header: f"{self.scheme}{key}", **dict(self.others)}
        try:
            answer = httpx2.get(f"{base}{self.path}", headers=headers, timeout=PATIENCE_S, trust_env=False)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
            return None, f"{self.label} cannot be reached at the moment."
        if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            if "missing_permissions" in answer.text:  # a key of limited use, but a key
                return True, "It may not do everything."
            return False, f"{self.label} refuses this key."
        if answer.is_error:
            return None, f"{self.label} answered with status {answer.status_code}. Try again later."
        return True, ""


VENDORS = (
    Vendor("deepgram", "Deepgram", "Hearing and speaking", "/v1/projects", "Authorization", "Token "),
    Vendor("openai", "OpenAI", "Thinking, hearing and speaking", "/models", "Authorization", "Bearer "),
    Vendor(
        "anthropic", "Anthropic", "Thinking", "/v1/models", "x-api-key", others=(("anthropic-version", "2023-06-01"),)
    ),
    Vendor("elevenlabs", "ElevenLabs", "Speaking", "/v1/models", "xi-api-key"),
)


def vendor(name: str) -> Vendor | None:
    return next((each for each in VENDORS if each.name == name), None)
