"""The fixed sentences of a call, and the rules of its conversation, as the engine takes them."""

from __future__ import annotations

from datetime import datetime

from agents.prompts import call_variables, render, system_prompt
from agents.versions import VersionSpec
from calls.conversation.session import Script
from calls.conversation.turn_taking import Interruption, Policy

PER_CALL = ("caller_number", "now")  # variables whose sentence is said once and never again
APOLOGY = "I am sorry, I am having trouble and cannot go on right now. Please call again in a little while. Goodbye."
BRIDGE = "I am sorry, we were cut off for a moment. I am back. Please go on."


class CallTexts:
    """Every text of one call with its variables filled in."""

    def __init__(self, spec: VersionSpec, *, business: str, caller_number: str, at: datetime) -> None:
        self._spec = spec
        self._variables = call_variables(
            spec_variables=spec.variables,
            agent_name=spec.agent_name,
            business_name=business,
            caller_number=caller_number,
            timezone=spec.timezone,
            now=at,
        )

    def system_prompt(self) -> str:
        return system_prompt(self._spec.prompt, variables=self._variables, language=self._spec.language)

    def fixed(self) -> list[str]:
        """The sentences to have ready, the first ones first. One that names the caller is nobody else's to keep."""
        spec = self._spec
        texts = [self._consent(), spec.greeting, spec.fallback_sentence, *spec.silence_prompts, spec.farewell]
        texts += [APOLOGY, BRIDGE, spec.duration_warning]
        common = [text for text in texts if not any(name in text for name in PER_CALL)]
        return [text for text in dict.fromkeys(self._say(text) for text in common) if text]

    def script(self, *, resumed: bool, speculation: bool) -> Script:
        spec = self._spec
        return Script(
            opening=(BRIDGE,) if resumed else (self._say(spec.greeting),),
            opening_kind="bridge" if resumed else "greeting",
            consent_notice="" if resumed else self._say(self._consent()),
            farewell=self._say(spec.farewell),
            fallback=self._say(spec.fallback_sentence),
            apology=APOLOGY,
            silence_prompts=tuple(self._say(prompt) for prompt in spec.silence_prompts),
            silence_timeout_s=float(spec.silence_timeout_s),
            max_duration_s=float(spec.max_duration_s),
            duration_warning=self._say(spec.duration_warning),
            policy=Policy.of(Interruption(spec.interruption), spec.interruption_words, spec.backchannels),
            interruption_s=spec.interruption_ms / 1000,
            speculation=speculation,
        )

    def _consent(self) -> str:
        return self._spec.consent_notice if self._spec.recording else ""

    def _say(self, text: str) -> str:
        return " ".join(render(text, self._variables).split())
