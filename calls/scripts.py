"""The fixed sentences of a call, and the rules of its conversation, as the engine takes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from agents.prompts import about_earlier_calls, about_person, call_variables, placeholders, render, system_prompt
from agents.versions import VersionSpec
from calls.briefing import Briefing
from calls.conversation.script import Script
from calls.conversation.turn_taking import Interruption, Policy
from calls.memory.services import settings_of
from calls.platform_sentences import platform_sentences

PUT_THROUGH, CALL_BACK = "transfer_call", "request_callback"
PER_CALL = ("caller_number", "now")  # variables whose sentence is said once and never again


def ways_out(spec: VersionSpec) -> frozenset[str]:
    """What an agent that cannot go on may do for its caller: nothing that it was not granted for others."""
    return frozenset({PUT_THROUGH, CALL_BACK} & {grant["name"] for grant in spec.tools})


class CallTexts:
    """Every text of one call with its variables filled in."""

    def __init__(
        self,
        spec: VersionSpec,
        *,
        business: str,
        caller_number: str,
        at: datetime,
        briefing: Briefing | None = None,
    ) -> None:
        self._briefing = briefing = briefing or Briefing()
        self._spec, self._platform = spec, platform_sentences(spec.language)
        self._variables = call_variables(
            spec_variables={**spec.variables, **briefing.variables},
            agent_name=spec.agent_name,
            business_name=business,
            caller_number=caller_number,
            timezone=spec.timezone,
            now=at,
        )

    @property
    def variables(self) -> Mapping[str, str]:
        """Every value that a text of this call may name."""
        return self._variables

    def about(self) -> str:
        """What is known of whoever is on the line, for a model whose instructions are kept elsewhere."""
        person = about_person(self._briefing.about())
        stop = f'\n- If they ask not to be called any more, say: "{self._briefing.stopped}" Then use end_call.'
        known = person + stop if person and self._briefing.stopped else person
        memory = about_earlier_calls(self._briefing.remembered, self._confirms)
        return "\n\n".join(filter(None, (known, memory)))

    def system_prompt(self) -> str:
        return system_prompt(
            self._spec.prompt,
            variables=self._variables,
            language=self._spec.language,
            about=self._briefing.about(),
            tools=[grant["name"] for grant in self._spec.tools],
            remembered=self._briefing.remembered,
            confirms=self._confirms,
        )

    @property
    def _confirms(self) -> bool:
        return not (settings_of(self._spec.tools) or {}).get("speaks")

    def fixed(self) -> list[str]:
        """The sentences to have ready, the first ones first. One that names the caller is nobody else's to keep."""
        spec = self._spec
        texts = [self._consent(), spec.greeting, spec.fallback_sentence, *spec.silence_prompts, spec.farewell]
        texts += [
            self._platform.apology,
            self._platform.bridge,
            self._platform.came_back,
            self._platform.putting_through,
            spec.duration_warning,
        ]
        texts += self._moments()  # a model may be slow, too
        ways = ways_out(spec)
        texts += [self._platform.handing_over] if PUT_THROUGH in ways else []
        texts += [self._platform.ringing_back] if CALL_BACK in ways else []
        common = [self._say(text) for text in texts if not self._is_personal(text)]
        own = [self._briefing.introduction, *common, self._briefing.stopped]
        return [text for text in dict.fromkeys(own) if text]

    def personal(self) -> list[str]:
        """The sentences that this person alone will hear: made while the phone rings, and forgotten with the call."""
        texts = [self._spec.greeting, *self._spec.silence_prompts, self._spec.farewell]
        return [self._say(text) for text in dict.fromkeys(texts) if self._is_personal(text)]

    def _is_personal(self, text: str) -> bool:
        return any(name in PER_CALL or name in self._briefing.variables for name in placeholders(text))

    def script(self, *, resumed: bool, speculation: bool, bridge: str = "") -> Script:
        """`bridge`: what a caller hears first who was away, where more is known than that the line was lost."""
        spec = self._spec
        return Script(
            opening=(bridge or self._platform.bridge,) if resumed else (self._say(spec.greeting),),
            opening_kind="bridge" if resumed else "greeting",
            introduction="" if resumed else self._briefing.introduction,
            consent_notice="" if resumed else self._say(self._consent()),
            stopped=self._briefing.stopped,
            farewell=self._say(spec.farewell),
            fallback=self._say(spec.fallback_sentence),
            moments=self._moments(),
            not_done=self._platform.not_done,
            putting_through=self._platform.putting_through,
            came_back=self._platform.came_back,
            apology=self._platform.apology,
            handing_over=self._platform.handing_over,
            ringing_back=self._platform.ringing_back,
            silence_prompts=tuple(self._say(prompt) for prompt in spec.silence_prompts),
            silence_timeout_s=float(spec.silence_timeout_s),
            max_duration_s=float(spec.max_duration_s),
            duration_warning=self._say(spec.duration_warning),
            policy=Policy.of(Interruption(spec.interruption), spec.interruption_words, spec.backchannels),
            interruption_s=spec.interruption_ms / 1000,
            speculation=speculation,
        )

    def _moments(self) -> tuple[str, ...]:
        return self._platform.one_moment, self._platform.still_working

    def _consent(self) -> str:
        return self._spec.consent_notice if self._spec.keeps_recording else ""

    def _say(self, text: str) -> str:
        return " ".join(render(text, self._variables).split())
