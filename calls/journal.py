"""The Journal port for real: every word of it goes to the spool, and from there to the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.timezone import now

from agents.providers.ports import ServedBy
from calls.announce import announce
from calls.redaction import Redactor
from calls.services import NewCall
from calls.spool import Spool, SpoolKey

spool = Spool(lambda: settings.SPOOL_DIR / "journal", announce)


class CallJournal:
    """The journal of one segment of one call. Nothing here waits, except for those who ask to."""

    def __init__(
        self,
        key: SpoolKey,
        names: Callable[[str], tuple[str, str]],
        to: Spool = spool,
        redactor: Redactor | None = None,
        spoken_by: str = "",
    ) -> None:
        """`names("stt" | "llm" | "tts")` tells the first choice, whose usage it is unless said: provider and model.

        `spoken_by` is the agent's name, where it is not the one that the call began with.
        What `redactor` takes out reaches neither the spool nor anything behind it.
        """
        self._key, self._names, self._spool = key, names, to
        self._redactor = redactor or Redactor(frozenset())
        self._spoken_by = spoken_by

    def opened(self, new: NewCall) -> None:
        """Everything the call's row needs, in case the database could not be asked to make it."""
        data = {name: getattr(new, name) for name in new.__slots__}
        data |= {"created_at": new.created_at.isoformat(), "briefing": new.briefing.to_json()}
        self._write("opened", data=data)

    def answered(self) -> None:
        self._write("answered", at=now().isoformat())

    def turn(self, index: int, state: dict[str, Any]) -> None:
        self._redactor.hear(state.get("extras", {}).get("language", ""))
        kept: dict[str, Any] = {
            name: self._redactor.turn(state["speaker"], state[name]) for name in ("heard", "unheard")
        }
        kept["extras"] = self._redactor.data(state.get("extras", {}))
        if self._spoken_by and state["speaker"] == "agent":
            kept["extras"] |= {"agent": self._spoken_by}
        self._write("turn", index=index, state={**state, **kept})

    def heard_before(self, message: str, until_ms: int) -> None:
        """What was heard before the agent came is part of the conversation."""
        if message:
            state = {"speaker": "agent", "kind": "message", "heard": message, "unheard": "", "exact": False}
            state |= {"interrupted": False, "started_ms": 0, "ended_ms": until_ms, "timing": {}}
            self.turn(0, state)

    def event(self, kind: str, at_ms: int, data: dict[str, Any] | None = None) -> None:
        self._write("event", kind=kind, at_ms=max(0, at_ms), data=self._redactor.data(data or {}))

    def tool(self, key: str, state: dict[str, Any]) -> None:
        kept = {name: self._redactor.data(state[name]) for name in ("arguments", "result") if name in state}
        self._write("tool", key=key, state={**state, **kept})

    def usage(
        self, kind: str, unit: str, quantity: int, *, speculative: bool = False, by: ServedBy | None = None
    ) -> None:
        provider, model = (by.provider, by.model) if by else self._names(kind)
        self._write(
            "usage", kind=kind, provider=provider, model=model, unit=unit, quantity=quantity, speculative=speculative
        )

    def recorded(self, file: str, duration_ms: int) -> None:
        self._write("recording", file=file, duration_ms=duration_ms)

    def ended(self, ending: str) -> None:
        self._write("ended", ending=ending, at=now().isoformat())

    def close(self) -> None:
        """No entry will follow; the file goes when everything is in the database."""
        self._write("closed")

    async def shipped(self, within_s: float) -> bool:
        """Wait until everything so far is in the database; False when that takes longer."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(done.set)

        self._spool.when_shipped(self._key, tell)
        try:
            async with asyncio.timeout(within_s):
                await done.wait()
        except TimeoutError:
            return False
        return True

    def _write(self, entry: str, **data: Any) -> None:
        self._spool.write(self._key, {"entry": entry, **data})
