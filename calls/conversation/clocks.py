"""How long a call may last, and how long both sides may say nothing."""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation import turn_taking as turns
from calls.conversation.keypad import Keypad
from calls.conversation.script import Script
from calls.conversation.timers import Timers
from calls.conversation.turn_taking import Agent, Caller, Floor

WARNING_BEFORE_S = 30.0
LEFT_TO_THE_AGENT_S = 60.0  # at least, when a person gives the call back to it
LAST_PATIENCE_S = 2.0  # after the last silence prompt, on top of the silence timeout


class Clocks:
    """Tells the floor when the time is nearly up, when it is, and when nobody has spoken for too long."""

    def __init__(self, script: Script, floor: Floor, timers: Timers, keypad: Keypad, now_ms: Callable[[], int]) -> None:
        self._script, self._floor, self._timers, self._keypad, self._now_ms = script, floor, timers, keypad, now_ms
        self._prompts_said = 0
        self.do: Callable[[turns.Event], None] = lambda event: None
        self.on_limit: Callable[[], None] = lambda: None

    def start(self, at_least_s: float = 1.0) -> None:
        """Count towards the longest duration; so much is left in any case."""
        left_s = max(at_least_s, self._script.max_duration_s - self._now_ms() / 1000)
        self._timers.set("limit", left_s, self.on_limit)
        if self._script.duration_warning and left_s > WARNING_BEFORE_S:
            self._timers.set("limit near", left_s - WARNING_BEFORE_S, self._limit_near)

    def stop(self) -> None:
        """Nobody is counting until the next `start`."""
        self._timers.cancel("limit", "limit near")

    def still_there(self) -> None:
        """Whoever waits for a word waits from now."""
        self._timers.cancel("silence")
        self.watch_silence()

    def caller_spoke(self) -> None:
        """Whoever has spoken is asked from the first prompt on, the next time they fall silent."""
        self._prompts_said = 0

    def next_prompt(self) -> str | None:
        """What to say to somebody who says nothing; None when everything was said."""
        self._prompts_said += 1
        prompts = self._script.silence_prompts
        return prompts[self._prompts_said - 1] if self._prompts_said <= len(prompts) else None

    def watch_silence(self) -> None:
        """The silence timer runs exactly while nobody speaks and nobody is about to."""
        quiet = self._floor.agent is Agent.LISTENING and self._floor.caller is Caller.QUIET
        if not quiet:
            self._timers.cancel("silence")
        elif not self._timers.is_set("silence"):
            last = self._prompts_said >= len(self._script.silence_prompts)
            wait_s = self._script.silence_timeout_s + (LAST_PATIENCE_S if last else 0.0)
            self._timers.set("silence", wait_s, self._silence_lasted)

    def _silence_lasted(self) -> None:
        """Whoever was asked for keys is busy with them."""
        if self._keypad.is_asked_for:
            self.watch_silence()
        else:
            self.do(turns.SilenceLasted())

    def _limit_near(self) -> None:
        if self._floor.caller is Caller.SPEAKING:
            self._timers.set("limit near", 1.0, self._limit_near)
        else:
            self.do(turns.LimitNear())
