"""How a voice sounds on the telephone: one sentence, made once and kept."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import structlog
from django.conf import settings
from django.core.cache import cache
from django.utils.module_loading import import_string
from django.utils.timezone import now
from redis.exceptions import RedisError

from agentos.errors import DomainError
from agentos.tenants.credentials import vendor_keys
from agents import providers
from agents.catalog import Kind, provider
from agents.drafts import ROLES
from agents.endpoints import endpoint, whose_voice
from agents.languages import nearest
from agents.providers.offline_voice.client import stop_worker
from agents.providers.offline_voice.mulaw import as_wav
from agents.providers.ports import Endpoint, ProviderError, ServedBy, Voice
from agents.providers.speech_cache import CachedVoice, SpeechCache
from agents.spoken_languages import named_voice

MOST_A_MINUTE = 12
PATIENCE_S = 10.0
SENTENCES = {
    "en": "Hello, this is how I sound on the telephone. How can I help you today?",
    "es": "Hola, así sueno por teléfono. ¿En qué puedo ayudarle hoy?",
    "fr": "Bonjour, voici ma voix au téléphone. Comment puis-je vous aider ?",
    "de": "Guten Tag, so klinge ich am Telefon. Wie kann ich Ihnen helfen?",
    "pt": "Olá, é assim que eu soo ao telefone. Como posso ajudar?",
    "it": "Buongiorno, questa è la mia voce al telefono. Come posso aiutarla?",
}

log = structlog.get_logger(__name__)


def sample(tenant_id: int, spec: Mapping[str, Any], role: str, language: str = "") -> bytes:
    """A WAV file of the voice that a draft has in this role, or for another `language`. Inside the tenant.

    Raises DomainError with a sentence.
    """
    offer = provider(Kind.TTS, spec[f"{role}_provider"]) if ROLES.get(role) is Kind.TTS else None
    spoken = {"", spec["language"], *(each["language"] for each in spec["other_languages"])}
    if offer is None or language not in spoken:
        raise DomainError("no_voice", "There is no voice to hear here.")
    keys = vendor_keys()
    place = endpoint(offer.name, keys)
    if offer.needs_key and not place.api_key:
        what = "the address of your own server" if offer.needs_address else f"a key for {offer.company}"
        raise DomainError("no_key", f"Without {what} it cannot be heard.")
    options = spec.get(f"{role}_options") or {}
    language = language or spec["language"]
    named = named_voice(spec["other_languages"], language) if role == "tts" else ""
    voice = Voice(spec[f"{role}_model"], named or spec[f"{role}_voice"], language, options)
    whose = whose_voice(offer.name, place)
    owner = f"{whose} of {tenant_id}" if offer.name in keys else whose  # theirs to hear
    speaker = _Speaker(offer.name, owner, voice, place, nearest(language, SENTENCES))
    if (sound := speaker.known()) is None:
        _count(tenant_id)
        sound = asyncio.run(speaker.make())
        import_string(settings.COUNT_CHARACTERS)("hearing", ServedBy(offer.name, voice.model), len(speaker.sentence))
    return as_wav(sound)


class _Speaker:
    def __init__(self, name: str, owner: str, voice: Voice, place: Endpoint, sentence: str) -> None:
        self._cache = SpeechCache(settings.SPEECH_CACHE_DIR)
        self._name, self._owner, self._voice, self._place, self.sentence = name, owner, voice, place, sentence

    def known(self) -> bytes | None:
        return self._cache.sound(self._owner, self._voice, self.sentence)

    async def make(self) -> bytes:
        """Have it spoken. Raises DomainError."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                own = providers.tts_ahead(self._name, self._voice, self._place)
                speaker = CachedVoice(own, self._cache, self._owner, self._voice)
                try:
                    await speaker.fill(self.sentence)
                finally:
                    with suppress(ProviderError):
                        await speaker.close()
        except (ProviderError, TimeoutError) as error:
            code = getattr(error, "code", "timeout")
            log.warning("a voice could not be heard", provider=self._name, code=code)
            raise DomainError("not_spoken", "The vendor did not speak. Check the key and the voice.") from error
        finally:
            await providers.close_clients()
            await stop_worker()
        return self.known() or b""


def _count(tenant_id: int) -> None:
    """Each new voice costs money: so many in a minute. When they cannot be counted they are let through."""
    name = f"preview:{tenant_id}:{int(now().timestamp()) // 60}"
    with suppress(RedisError, ValueError):
        cache.add(name, 0, timeout=120)
        if cache.incr(name) > MOST_A_MINUTE:
            raise DomainError("too_many", "That were many voices. Wait a minute, please.")
