"""A reply in the making: what the model writes goes into its utterance, and what it asks for is done between rounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing

from agents.providers.ports import LanguageModel, Message, ProviderError, Recalled, ServedBy, ToolCall, Usage, Wasted
from calls.conversation.ports import ToolResult
from calls.conversation.reply import TRIES, Reply
from calls.conversation.script import Script
from calls.conversation.sentences import Cutter
from calls.conversation.tool_use import ToolUse

MOST_ROUNDS = 4  # so often may one reply ask for tools
CHARACTER_S = 0.07  # how long a written character takes to be spoken

BROKE_OFF = (
    "Your answer to what was said last broke off on the way. The caller hears this much of it: “{said}” Write only the "
    "rest, so that it goes on right behind these words, and do not say any of them again."
)


class Thinker:
    """Lets the model write a reply, round by round. `on_wait` is called whenever tools begin to keep it."""

    def __init__(
        self,
        model: LanguageModel,
        tools: ToolUse,
        script: Script,
        now: Callable[[], float],
        on_failure: Callable[[Reply, ProviderError], None],
    ) -> None:
        self._model, self._tools, self._script = model, tools, script
        self._now, self._on_failure = now, on_failure
        self.on_wait: Callable[[Reply], None] = lambda reply: None
        self.on_language: Callable[[Reply], None] = lambda reply: None

    async def warm(self) -> None:
        """Have a connection ready for the next reply."""
        await self._model.warm()

    async def think(self, reply: Reply) -> None:
        """Write the reply. A failure is reported; what was said stands, and once the rest of it is asked for."""
        reply.tries += 1
        reply.served_by = None
        try:
            while calls := await self._write(reply):
                if not await self._use_tools(reply, calls):
                    break
                reply.begin_round()
                reply.tries = 1
        except ProviderError as error:
            self._on_failure(reply, error)
            if reply.written:
                await self._write_the_rest(reply)
            return
        self._finish(reply)

    async def _write_the_rest(self, reply: Reply) -> None:
        """Of an answer that has broken off; nobody waits meanwhile, for what there is of it is being spoken."""
        if not reply.committed or reply.tries >= TRIES:
            reply.utterance.close()
            return
        said = " ".join(filter(None, (reply.utterance.heard_text, reply.utterance.unheard_text)))
        first, *others = reply.messages
        note = BROKE_OFF.format(said=said)
        reply.before, reply.usage, reply.tokens = reply.spent(), None, 0
        reply.messages = [Message(first.role, f"{first.content}\n\n{note}"), *others]
        await self.think(reply)

    def _finish(self, reply: Reply) -> None:
        if reply.last and not reply.has_spoken:
            goes_on = reply.ending == "hand_over"
            self._say(reply, self._script.moments[0] if goes_on else self._script.farewell)
        if not reply.written and not (reply.has_acted and reply.has_spoken):
            self._on_failure(reply, ProviderError("llm", "the reply was empty", code="empty"))
            return
        reply.awaits_tools = False
        reply.utterance.close()

    async def _write(self, reply: Reply) -> list[ToolCall]:
        """One answer of the model; returns what it asks for."""
        cutter, calls, said = reply.utterance.cutter(), [], []
        async with aclosing(self._model.reply(reply.messages, self._tools.toolbox.specs)) as stream:
            async for item in stream:
                if isinstance(item, str):
                    said.append(item)
                    self._take(reply, cutter, item)
                elif isinstance(item, ToolCall):
                    calls.append(item)
                elif isinstance(item, Usage):
                    reply.usage = item
                elif isinstance(item, ServedBy):
                    reply.served_by = item
                elif isinstance(item, Wasted):
                    reply.wasted.append(item)
                elif isinstance(item, Recalled):
                    reply.extras["knowledge"] = [dict(each) for each in item.passages]
        self._say_all(reply, cutter, cutter.finish())
        reply.last, reply.said = cutter.hangs_up, "".join(said)
        return calls

    def _take(self, reply: Reply, cutter: Cutter, token: str) -> None:
        reply.tokens += 1
        reply.timing.stamp("first_token" if reply.timing.tools is None else "answer_token", self._now())
        self._say_all(reply, cutter, cutter.feed(token))

    def _say_all(self, reply: Reply, cutter: Cutter, pieces: Sequence[str]) -> None:
        if cutter.language and cutter.language != reply.language:
            reply.language = cutter.language
            self.on_language(reply)
        for piece in pieces:
            self._say(reply, piece)

    async def _use_tools(self, reply: Reply, calls: Sequence[ToolCall]) -> bool:
        """Run what the model asks for, once the turn is certain; whether the model has to be asked again."""
        if not reply.committed:
            await reply.commitment.wait()
        reply.rounds += 1
        if reply.rounds > MOST_ROUNDS:
            self._say(reply, self._script.not_done)
            return False
        reply.has_acted = reply.awaits_tools = True
        reply.asked_for = tuple(call.name for call in calls)
        if reply.caller_turn is not None:
            reply.caller_turn.acted = True
        self.on_wait(reply)
        results = await self._tools.answer(reply, calls, reply.said)
        if not reply.speaks_until:
            reply.timing.stamp("tools", self._now())
        return self._goes_on(reply, results)

    def _goes_on(self, reply: Reply, results: Sequence[ToolResult | None]) -> bool:
        known = [result for result in results if result is not None]
        reply.failed_tools |= not all(result.ok for result in known)
        for result in known:
            if result.recalled is not None:
                reply.extras["knowledge"] = [*reply.extras.get("knowledge", []), *map(dict, result.recalled)]
            if result.say:
                self._say(reply, result.say)
        if all(result.ok for result in known):
            leaving = [result.then for result in known if result.then]
            if leaving or reply.last:
                reply.last = True
                reply.ending = next((then for then in leaving if then != "hang_up"), None)
                return False
        reply.last = False
        if not known and reply.has_spoken:
            return False  # it has said what it had to say, and will hear of the results
        return not known or not all(result.say for result in known)

    def _say(self, reply: Reply, piece: str) -> None:
        now = self._now()
        reply.timing.stamp("first_piece", now)
        reply.written += 1
        reply.awaits_tools, reply.has_spoken = False, True
        reply.speaks_until = max(now, reply.speaks_until) + len(piece) * CHARACTER_S
        reply.utterance.say(piece)
