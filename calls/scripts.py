"""The fixed sentences of a call, and the rules of its conversation, as the engine takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from agents.prompts import about_earlier_calls, about_person, call_variables, placeholders, render, system_prompt
from agents.spoken_dates import spoken_date
from agents.tools import Tool
from agents.versions import VersionSpec
from calls.briefing import Briefing
from calls.conversation.script import Script
from calls.conversation.turn_taking import Interruption, Policy
from calls.memory.services import settings_of
from calls.platform_sentences import platform_sentences

PUT_THROUGH, CALL_BACK = "transfer_call", "request_callback"
SAME_FOR_ALL = ("not_done", "putting_through", "came_back", "apology", "handing_over", "ringing_back")
OWN_WORDS = ("stopped", "farewell", "fallback", "moments", "waiting", "silence_prompts", "duration_warning")
TRANSLATED = OWN_WORDS + SAME_FOR_ALL
PER_CALL = ("caller_number", "now")  # variables whose sentence is said once and never again


def ways_out(spec: VersionSpec) -> frozenset[str]:
    """What an agent that cannot go on may do for its caller: nothing that it was not granted for others."""
    return frozenset({PUT_THROUGH, CALL_BACK} & {grant["name"] for grant in spec.tools})


def spoken_texts(sentences: Mapping[str, Any]) -> list[str]:
    """All that is said of them, each once."""
    texts = [text for value in sentences.values() for text in ((value,) if isinstance(value, str) else value)]
    return [text for text in dict.fromkeys(texts) if text]


@dataclass(frozen=True, slots=True)
class Opening:
    """The first words of a call; `protected` ones are heard to their end."""

    text: str = ""
    protected: bool = False


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
        tools: Mapping[str, Tool] | None = None,
    ) -> None:
        """`tools` are the business's own, by name."""
        self._briefing = briefing = briefing or Briefing()
        self._spec, self._platform = spec, platform_sentences(spec.language)
        self._tools = tools or {}
        self._there = at.astimezone(ZoneInfo(spec.timezone))
        self._variables = call_variables(
            spec_variables={**spec.variables, **briefing.variables},
            agent_name=spec.agent_name,
            business_name=business,
            caller_number=caller_number,
            timezone=spec.timezone,
            now=at,
            language=spec.language,
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
            day=self._there.date(),
        )

    def today_in(self, language: str) -> str:
        """The day of the call, as it is said in a language that the call goes over to."""
        return spoken_date(self._there, language)

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
        texts += [text for moments in self._waiting().values() for text in moments]
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

    def script(self, *, resumed: bool, speculation: bool, bridge: str = "", language: str = "") -> Script:
        """`bridge`: what a caller hears first who was away, where more is known than that the line was lost.

        `language`: the one in which the call was held then.
        """
        spec, back = self._spec, platform_sentences(language or self._spec.language).bridge
        return Script(
            opening=(bridge or back,) if resumed else (self._say(spec.greeting),),
            opening_kind="bridge" if resumed else "greeting",
            introduction="" if resumed else self._briefing.introduction,
            consent_notice="" if resumed else self._say(self._consent()),
            stopped=self._briefing.stopped,
            farewell=self._say(spec.farewell),
            fallback=self._say(spec.fallback_sentence),
            moments=self._moments(),
            waiting=self._waiting(),
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
            translate=self.sentences_in,
        )

    def opening(self) -> Opening:
        script = self.script(resumed=False, speculation=False)
        notices = tuple(filter(None, (script.introduction, script.consent_notice)))
        return Opening(" ".join((*notices, *script.opening)), protected=bool(notices))

    def sentences_in(self, language: str) -> Mapping[str, Any]:
        """What a script says in this language, by the names of its fields; in another than its own, the platform's."""
        spec, platform = self._spec, platform_sentences(language)
        if language == spec.language:
            script = self.script(resumed=False, speculation=False)
            return {name: getattr(script, name) for name in TRANSLATED}
        return {
            "stopped": self._briefing.stopped and platform.stopped,
            "farewell": platform.farewell,
            "fallback": platform.one_moment,
            "moments": (platform.one_moment, platform.still_working),
            "waiting": {},  # what the business has written is in its own language
            "silence_prompts": (platform.still_there,) * min(2, len(spec.silence_prompts)),
            "duration_warning": spec.duration_warning and platform.time_is_short,
            **{name: getattr(platform, name) for name in SAME_FOR_ALL},
        }

    def _moments(self) -> tuple[str, ...]:
        return self._platform.one_moment, self._platform.still_working

    def _waiting(self) -> dict[str, tuple[str, ...]]:
        names = [grant["name"] for grant in self._spec.tools if grant["name"] in self._tools]
        return {name: self._tools[name].moments for name in names if any(self._tools[name].moments)}

    def _consent(self) -> str:
        return self._spec.consent_notice if self._spec.keeps_recording else ""

    def _say(self, text: str) -> str:
        return " ".join(render(text, self._variables).split())
