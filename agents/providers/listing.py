"""What vendors offer a key, as they tell it themselves: models and voices, through their SDKs.

For a thread: the SDKs are imported when they are first asked for, and an answer may take seconds.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass

from .ports import Endpoint, ProviderError

PATIENCE_S = 6.0
MOST = 400  # of one kind
LONGEST_LABEL = 80
OWN_SERVERS = ("own_model", "own_ears", "own_voice")
LISTING = ("deepgram", "openai", "anthropic", "elevenlabs", *OWN_SERVERS)


@dataclass(frozen=True, slots=True)
class Listed:
    """A model or a voice. `is_own`: it belongs to the account that the key is of, such as a cloned voice."""

    name: str
    label: str
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """By what they do in a call; nothing where the vendor does not tell."""

    stt: tuple[Listed, ...] = ()
    llm: tuple[Listed, ...] = ()
    tts: tuple[Listed, ...] = ()
    voices: tuple[Listed, ...] = ()


def listing(name: str, endpoint: Endpoint) -> Listing:
    """What there is at this vendor. Raises ProviderError."""
    if name not in LISTING:
        raise ProviderError(name, "there is no list to ask for", retryable=False, code="unknown_provider")
    is_own = name in OWN_SERVERS
    adapter = importlib.import_module(f".lists.{'openai' if is_own else name}", __package__)
    try:
        found: Listing = (adapter.ask_own if is_own else adapter.ask)(endpoint)
    except Exception as error:  # four SDKs with errors of their own; what they say may repeat the key, so only the kind
        status = getattr(error, "status_code", None)
        code = str(status or type(error).__name__)
        raise ProviderError(name, "no list came", retryable=status not in (401, 403), code=code) from None
    return found


def described(name: str | None, accent: str | None) -> str:
    return ", ".join(filter(None, [(name or "").split(" - ")[0].strip().title(), (accent or "").capitalize()]))


def plain(names: Iterable[str]) -> tuple[Listed, ...]:
    return listed((name, name, False) for name in names)


def listed(found: Iterable[tuple[str | None, str | None, bool]]) -> tuple[Listed, ...]:
    """Each once, in the vendor's order."""
    known = {
        name: Listed(name, " ".join((label or name).split())[:LONGEST_LABEL], own) for name, label, own in found if name
    }
    return tuple(known.values())[:MOST]
