"""Our addresses as the carrier sees them: absolute, from the configured origin, without query strings."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

# The carrier reads these from the fragment: three more tries, whatever went wrong, and no long wait for a dead server.
RETRIES = "#rc=3&rp=ct,rt,5xx&ct=2000"


def incoming_call_url(agent_id: UUID) -> str:
    return _url(agent_id, "incoming-call")


def website_call_url() -> str:
    """Asked when a website calls with the carrier's own kit; whom, stands in what we signed for it."""
    return f"{settings.PUBLIC_URL}/agents/website-call"


def status_url(agent_id: UUID) -> str:
    return _url(agent_id, "status") + RETRIES


def resume_url(agent_id: UUID) -> str:
    """Where a call goes when its media socket has closed; tried again, for the process behind it may just have died."""
    return _url(agent_id, "resume") + RETRIES


def transferred_url(agent_id: UUID) -> str:
    """Where a call goes when the phone of a person has been rung, or their talk is over."""
    return _url(agent_id, "transferred") + RETRIES


def hold_url(agent_id: UUID) -> str:
    """Asked again and again what a caller hears who waits for a person."""
    return _url(agent_id, "hold")


def hold_music_url() -> str:
    return f"{settings.PUBLIC_URL}/agents/hold-music.wav"


def person_url(agent_id: UUID, ring_id: UUID) -> str:
    """Asked when a person has picked up for whom a caller waits, and told which key they press."""
    return _url(agent_id, f"person/{ring_id}") + RETRIES


def person_status_url(agent_id: UUID, ring_id: UUID) -> str:
    """Told of every step of the call to a person."""
    return _url(agent_id, f"person-status/{ring_id}") + RETRIES


def stream_status_url(agent_id: UUID) -> str:
    return _url(agent_id, "stream-status")


def incoming_message_url(agent_id: UUID) -> str:
    """Asked when somebody sends a text message to a number; repeated, because a message may say STOP."""
    return _url(agent_id, "incoming-message") + RETRIES


def media_url(agent_id: UUID) -> str:
    """The media socket. The carrier itself insists on TLS; plain `ws` serves a local carrier."""
    return "ws" + _url(agent_id, "media").removeprefix("http")


def socket_url(agent_id: UUID) -> str:
    """The socket that takes either kind of session: sound, or words."""
    return "ws" + _url(agent_id, "ws").removeprefix("http")


def _url(agent_id: UUID, leaf: str) -> str:
    return f"{settings.PUBLIC_URL}/agents/{agent_id}/{leaf}"
