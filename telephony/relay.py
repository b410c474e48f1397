"""ConversationRelay for a version of an agent: which of its settings the carrier takes, and what an end means.

The carrier has voices and recognisers of its own. What a version names is passed on where the carrier has the same;
where it has not, the carrier's own choice for the language stands in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from agents.languages import for_a_session
from agents.spoken_languages import named_voice, wished
from agents.versions import VersionSpec
from calls.admission import EngineFailure, RelayWish
from calls.engines import relayed_languages
from calls.moving import HANDOFF
from telephony.twiml import Relay, RelayLanguage

# What the carrier calls the vendors that we know as well.
VOICES = {"elevenlabs": "ElevenLabs"}
EARS = {"deepgram": "Deepgram"}
FLUX = "flux"
NOVA = {"nova-3": "nova-3-general", "nova-2": "nova-2-general"}

SHORTEST_SPEECH_TIMEOUT_MS, LONGEST_SPEECH_TIMEOUT_MS = 600, 5000  # what is quicker the carrier decides by itself

AT_ONCE_S = 5  # a session that fails sooner has not been a conversation

# 64101: not enabled for the account; 64106: settings that do not go together; 64114: no recogniser to be had.
WRONG_SETTINGS = "64106"
# No socket, a socket that was closed, a message that was not understood, no network: the next segment may go well.
CONNECTION_ERRORS = frozenset({"64102", "64105", "64107", "39001"})


def relay_for(wish: RelayWish) -> Relay:
    """The settings of a session, as the version wishes and the carrier can."""
    spec = wish.spec
    options = {name: str(value) for name, value in spec.transport_options.items() if not isinstance(value, bool)}
    never = spec.interruption == "off"
    relay = Relay(
        language=for_a_session(spec.language),
        hints="" if wish.plain else ", ".join(term.replace(",", " ") for term in spec.keyterms),
        interruptible="none" if never else "any",
        interrupt_sensitivity=options.get("interrupt_sensitivity", ""),
        keys=spec.transport_options.get("keys", True) is True or _takes_keys(spec),
        ignore_backchannel=bool(spec.backchannels) and not never,
        speech_timeout_ms=_speech_timeout_ms(spec.endpointing_ms),
        greeting=wish.greeting,
        greeting_interruptible="none" if wish.protected or never else "any",
        languages=_languages(spec),
    )
    return relay if wish.plain else _with_voice_and_ears(relay, spec, options)


def _languages(spec: VersionSpec, *, voices: bool = False, speech_model: str = "") -> tuple[RelayLanguage, ...]:
    """Those that the session may be switched to, each once as the carrier names it."""
    first, found = for_a_session(spec.language), dict[str, RelayLanguage]()
    for language in wished(spec)[1:]:
        code, voice = for_a_session(language), named_voice(spec.other_languages, language) if voices else ""
        if code != first:
            found.setdefault(code, RelayLanguage(code, voice, speech_model))
    return tuple(found.values())


def _takes_keys(spec: VersionSpec) -> bool:
    """Whether it asks callers for keys: then it is told of them, whatever it is told of others."""
    return any(each["name"] == "collect_digits" for each in spec.tools)


def _speech_timeout_ms(endpointing_ms: int) -> int:
    """The silence that ends a turn, for an agent that is patient; 0: the carrier decides."""
    return min(endpointing_ms, LONGEST_SPEECH_TIMEOUT_MS) if endpointing_ms >= SHORTEST_SPEECH_TIMEOUT_MS else 0


def _with_voice_and_ears(relay: Relay, spec: VersionSpec, options: Mapping[str, str]) -> Relay:
    """With providers by name. A voice of another vendor than the chosen one would be refused, and is left out."""
    voices, ears = VOICES.get(spec.tts_provider, ""), EARS.get(spec.stt_provider, "")
    voice_of, ear_of = options.get("tts_provider", voices), options.get("transcription_provider", ears)
    model = FLUX if spec.stt_model.startswith(FLUX) else NOVA.get(spec.stt_model, "")
    own_ears, own_voice = bool(ears) and ear_of == ears, bool(voice_of) and voice_of == voices
    is_flux = own_ears and model == FLUX  # which the carrier has for English
    return replace(
        relay,
        tts_provider=voice_of,
        voice=options.get("voice", spec.tts_voice if own_voice else ""),
        transcription_provider=ear_of,
        speech_model=model if own_ears else "",
        partial_prompts=is_flux,
        languages=_languages(spec, voices=own_voice, speech_model=NOVA["nova-3"] if is_flux else ""),
        several=bool(relayed_languages(spec)),
    )


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """What the carrier says of a session that is over. `failed`: it was not ended by us or by the caller."""

    caller_left: bool = False
    failed: bool = False
    code: str = ""
    lasted_s: int = 0
    wants_sound: bool = False  # we ended it, so that the call goes on with sound

    @property
    def of_engine(self) -> bool:
        """Whether the carrier could not do its part; a code that nobody knows is taken for that."""
        return self.failed and self.code not in CONNECTION_ERRORS

    @property
    def of_settings(self) -> bool:
        """Whether it is about what this version asks for, and not about the carrier."""
        return self.failed and self.code == WRONG_SETTINGS

    def failure(self) -> EngineFailure | None:
        if not self.failed:
            return None
        return EngineFailure(self.of_engine, self.of_settings, at_once=self.lasted_s < AT_ONCE_S)


def _reason(handoff: str) -> str:
    """What we gave along with the end of the session."""
    try:
        return str(json.loads(handoff).get("reason", ""))
    except (ValueError, AttributeError, RecursionError):
        return ""


def session_end(fields: Mapping[str, str]) -> SessionEnd | None:
    """What has ended, as the `action` callback tells it; None where it was no session for words."""
    status = fields.get("SessionStatus", "")
    if not status:
        return None
    seconds = fields.get("SessionDuration", "")
    return SessionEnd(
        caller_left=status == "completed" or fields.get("CallStatus") == "completed",
        failed=status == "failed",
        code=fields.get("ErrorCode", ""),
        wants_sound=_reason(fields.get("HandoffData", "")) == HANDOFF,
        lasted_s=int(seconds) if seconds.isdecimal() and len(seconds) < 7 else 0,
    )
