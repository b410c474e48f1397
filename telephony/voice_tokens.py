"""Tokens for the carrier's own kit for websites (Twilio Voice SDK): a page that uses it may call one agent with one.

The token lets a browser call our application at the carrier, and nothing else; no call can come in with it. What the
page says when it calls is the page's own word, so whom it calls stands in a parameter that we sign, for the random
identity of the token alone.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant

from agentos.errors import DomainError

LASTS_S = 600
LEEWAY_S = 60  # between the carrier's look at the token and its question to us
AGENT = "agent"  # the parameter
CLIENT = "client:"  # how the carrier writes a browser where a number would stand
_SALT = "agentos.telephony.voice_tokens"


@dataclass(frozen=True, slots=True)
class VoiceToken:
    text: str
    identity: str
    expires_at: datetime


def missing() -> list[str]:
    """The settings without which there can be no tokens."""
    names = ("TWILIO_ACCOUNT_SID", "TWILIO_API_KEY_SID", "TWILIO_API_KEY_SECRET", "TWILIO_TWIML_APP_SID")
    return [name for name in names if not getattr(settings, name)]


def issue(agent_id: UUID) -> VoiceToken:
    """A token that calls this agent, for ten minutes. Raises DomainError."""
    if missing():
        raise DomainError("no_voice_kit", "The carrier account of this installation has no application for websites.")
    identity = f"visitor_{secrets.token_hex(8)}"
    token = AccessToken(
        settings.TWILIO_ACCOUNT_SID,
        settings.TWILIO_API_KEY_SID,
        settings.TWILIO_API_KEY_SECRET,
        identity=identity,
        ttl=LASTS_S,
    )
    whom = signing.dumps([agent_id.hex, identity], salt=_SALT)
    token.add_grant(
        VoiceGrant(
            incoming_allow=False,
            outgoing_application_sid=settings.TWILIO_TWIML_APP_SID,
            outgoing_application_params={AGENT: whom},
        )
    )
    return VoiceToken(token.to_jwt(), identity, datetime.fromtimestamp(int(time.time()) + LASTS_S, UTC))


def agent_of(fields: dict[str, str]) -> UUID | None:
    """Whom the browser calls, by what we signed for it; None where that is nobody."""
    try:
        agent, identity = signing.loads(fields.get(AGENT, ""), salt=_SALT, max_age=LASTS_S + LEEWAY_S)
        return UUID(agent) if fields.get("From") == f"{CLIENT}{identity}" else None
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
