"""Every engine behind the same few verbs: what a caller does, and what comes out of the receiver.

An engine joins by a class of its own, and a line in `ENGINES` of `engines.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any, Protocol, cast
from uuid import UUID

from agents.providers.ports import LanguageModel, Speech, SpeechStarted, WordTiming
from calls.conversation.commands import Answer, TakeOver
from calls.conversation.history import History
from calls.conversation.languages import Languages
from calls.conversation.operator_side import Microphone
from calls.conversation.ports import Toolbox
from calls.conversation.script import Ending, Script
from calls.conversation.session import Session
from calls.conversation.tones import tones
from calls.conversation.turn_taking import Interruption, Policy
from calls.engines import RelayEngine
from telephony.consumers import ConversationRelayConsumer
from tests.calls.conversation.stage import Stage
from tests.calls.conversation.tools import Acting
from tests.conformance.relay_carrier import VirtualRelay
from tests.fakes import MS_PER_CHARACTER, Notebook, ScriptedModel, Thought

NOISE = ""
LONG = "I can offer you Monday at nine, Tuesday at ten, or Friday at noon."
SLOW = Thought(LONG, per_word_s=0.05)


class Talk(Protocol):
    """A call in progress. `heard` is what the receiver has given out, by the carrier's account and not by ours."""

    journal: Notebook
    history: History
    model: ScriptedModel
    session: Session

    @property
    def heard(self) -> str: ...
    @property
    def hears_in(self) -> str: ...
    @property
    def speaks_in(self) -> str: ...
    async def says(self, text: str, seconds: float = 1.0) -> None: ...
    async def says_abroad(self, text: str, language: str) -> None: ...
    async def until_quiet(self, seconds: float = 0.8) -> None: ...
    async def loses_the_line(self) -> Ending: ...
    async def over(self) -> Ending: ...
    def press(self, keys: str) -> None: ...
    def has_pressed(self, keys: str) -> bool: ...
    async def taken_over_by(self, who: TakeOver) -> Talk:
        """The call as somebody speaks in it: on another line where this one has no sound."""
        ...

    async def end(self) -> None: ...


class LabelledText:
    """A voice whose sound can be read back: every two bytes are the number of a word. `languages`: of each piece."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.languages: list[str] = []

    def voice_in(self, language: str) -> LabelledText:
        """It speaks all, and notes which."""
        self.languages.append(language)
        return self

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def speak(self, piece: str) -> AsyncGenerator[Speech, None]:
        await asyncio.sleep(0.1)
        at = 0
        for word in piece.split():
            length = (len(word) + 1) * MS_PER_CHARACTER
            yield Speech(self.sound_of(word), (WordTiming(word, at, at + length),))
            at += length

    def sound_of(self, word: str) -> bytes:
        self.words.append(word)
        return len(self.words).to_bytes(2, "big") * (len(word) + 1) * MS_PER_CHARACTER * 4

    def read(self, played: bytes) -> str:
        """The words of which the whole sound was played."""
        numbers = [int.from_bytes(played[at : at + 2], "big") for at in range(0, len(played) - 1, 2)]
        whole = {number: 4 * MS_PER_CHARACTER * (len(self.words[number - 1]) + 1) for number in set(numbers)}
        return " ".join(self.words[n - 1] for n in dict.fromkeys(numbers) if numbers.count(n) >= whole[n])


class MediaStreams(Stage):
    """Sound both ways, with a recogniser and a voice of our own."""

    model: ScriptedModel
    voice: LabelledText

    def __init__(self, model: ScriptedModel, script: dict[str, Any], session: dict[str, Any]) -> None:
        script.pop("several", None)
        super().__init__(model, LabelledText(), script, session | {"languages": Languages("en-US", ("es-US",))})

    @property
    def heard(self) -> str:
        played, dry_at = bytearray(), 0.0
        for at, kind, audio in self.line.sent:
            if kind == "audio":
                played += audio
                dry_at = max(dry_at, at) + len(audio) / 8000
            elif kind == "clear" and dry_at > at:
                del played[len(played) - round((dry_at - at) * 8000) :]
                dry_at = at
        return self.voice.read(bytes(played))

    @property
    def hears_in(self) -> str:
        return [*["en-US"], *self.listener.languages][-1]

    @property
    def speaks_in(self) -> str:
        return self.voice.languages[-1]

    async def says(self, text: str, seconds: float = 1.0) -> None:
        if text == NOISE:
            self.listener.say(SpeechStarted(self.at_ms()))
            await self.sound(seconds)
        else:
            await self.caller_says(text, speak_s=seconds)

    async def says_abroad(self, text: str, language: str) -> None:
        await self.caller_says(text, language=language)

    async def until_quiet(self, seconds: float = 0.8) -> None:
        await super().until_quiet(seconds)

    def press(self, keys: str) -> None:
        for key in keys:
            self.session.digit(key)

    def has_pressed(self, keys: str) -> bool:
        return tones(keys) in b"".join(audio for _, kind, audio in self.line.sent if kind == "audio")

    async def taken_over_by(self, who: TakeOver) -> Talk:
        assert self.session.command(who) is Answer.DONE
        return self

    async def loses_the_line(self) -> Ending:
        return await self.hang_up()

    async def over(self) -> Ending:
        return await self.running

    async def end(self) -> None:
        await self.hang_up()


class ConversationRelay:
    """Words both ways: the real consumer, its JSON and the real engine, before a carrier on the virtual clock."""

    def __init__(self, model: ScriptedModel, script: dict[str, Any], session: dict[str, Any]) -> None:
        self.model, self.journal, self.history = model, Notebook(), history_of(session)
        self.carrier = VirtualRelay()
        self.next_line: MediaStreams | None = None
        scope = {"url_route": {"kwargs": {"agent_id": UUID(int=1)}}, "headers": []}
        self.consumer = ConversationRelayConsumer(scope, self.carrier.receive, self.carrier.send)
        spec = SimpleNamespace(
            language="en-US",
            other_languages=[{"language": "es-US", "voice": ""}],
            transport_options={},
            stt_provider="deepgram",
            stt_model="nova-3",
            stt_options={"several_languages": True} if script.pop("several", False) else {},
        )
        parts = {"languages": Languages("en-US", ("es-US",)), "goes_on_in": lambda language: None}
        mind = SimpleNamespace(spec=spec, model=model, **parts)
        engine = RelayEngine(cast(Any, mind), self.consumer, greeted=False)
        tools = session.pop("tools", None)
        if isinstance(tools, Acting):
            tools.stage = self
        self.session = Session(
            script=engine.script(script_of(script)),
            history=self.history,
            listener=engine.listener,
            make_speaker=engine.speaker,
            model=cast(LanguageModel, model),
            line=engine.line,
            languages=engine.languages,
            journal=self.journal,
            toolbox=cast(Toolbox | None, tools and tools.box(self.journal, lambda: self.session.now_ms())),
            **session,
        )
        engine.attach(self.session)
        call: Any = SimpleNamespace(engine=engine, digit=self.session.digit)
        self.running = asyncio.ensure_future(self.session.run())
        self._parts = [asyncio.ensure_future(part) for part in (*self.consumer.parts(call), self.carrier.speak())]

    @property
    def heard(self) -> str:
        return " ".join(self.carrier.heard)

    @property
    def hears_in(self) -> str:
        return self.carrier.hears_in

    @property
    def speaks_in(self) -> str:
        return self.carrier.speaks_in

    async def says(self, text: str, seconds: float = 1.0) -> None:
        await self.carrier.hears(text, seconds)

    async def says_abroad(self, text: str, language: str) -> None:
        await self.carrier.hears(text, 1.0, language)

    async def until_quiet(self, seconds: float = 0.8) -> None:
        quiet_s = 0.0
        while quiet_s < seconds:
            await asyncio.sleep(0.1)
            quiet_s = quiet_s + 0.1 if self.carrier.is_silent and not self.model.open else 0.0

    def press(self, keys: str) -> None:
        for key in keys:
            self.carrier.tell(type="dtmf", digit=key)

    def has_pressed(self, keys: str) -> bool:
        return self.carrier.pressed == [keys]

    async def taken_over_by(self, who: TakeOver) -> Talk:
        self.session.operator.may_move = True
        assert self.session.command(who) is Answer.MOVING
        assert await self.over() is Ending.MOVED
        session = {"earlier_ms": self.session.now_ms(), "next_index": 10_000}
        self.next_line = call = MediaStreams(self.model, {}, session)
        call.journal.events.extend(self.journal.events)
        call.session.operator.prepare(Microphone(who.by, who.operator), 0.5, may_move=False)
        await asyncio.sleep(0)
        return call

    async def loses_the_line(self) -> Ending:
        self.carrier.close()
        await asyncio.sleep(0.001)
        assert not self.consumer.is_connected
        self.session.caller_gone(hung_up=False)
        return await self.over()

    async def over(self) -> Ending:
        ending = await self.running
        self.consumer.hang_up()
        await asyncio.sleep(0.001)
        assert self.carrier.ended
        return ending

    async def end(self) -> None:
        self.session.caller_gone(hung_up=True)
        await self.running
        if self.next_line is not None:
            await self.next_line.end()
        for part in self._parts:
            part.cancel()
        await asyncio.gather(*self._parts, return_exceptions=True)


def history_of(session: dict[str, Any]) -> History:
    return History("You are June.", session.pop("said", ()))


def script_of(options: dict[str, Any]) -> Script:
    options.pop("several", None)
    policy = options.pop("policy", None) or Policy.of(Interruption.VOICE, 1, ["mm-hm", "yeah", "okay"])
    return Script(**({"opening": ("Hello there.",), "policy": policy} | options))
