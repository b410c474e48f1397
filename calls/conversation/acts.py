"""What the conversation itself does for a model: hang up, take keys from the caller, press keys for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from calls.conversation.guarding import Wish
from calls.conversation.keypad import SECRET_FROM, Keypad
from calls.conversation.ports import ToolResult
from calls.conversation.tones import KEYS

COLLECT_S = 20.0


class Acts:
    """`press` lets the agent press keys, and says whether it could. `entries` are keys that were entered unseen."""

    def __init__(self, keypad: Keypad, press: Callable[[str], bool], heard: Callable[[str], None]) -> None:
        self._keypad, self._press, self._heard = keypad, press, heard
        self.entries: dict[str, str] = {}

    async def perform(self, wish: Wish, settings: Mapping[str, Any]) -> ToolResult:
        """Do what one of these tools stands for."""
        match wish.tool.spec.name:
            case "end_call":
                return ToolResult("The call ends when you have finished speaking.", then="hang_up")
            case "collect_digits":
                return await self._collect(wish.arguments, settings)
            case "send_digits":
                return self._send(str(wish.arguments["digits"]))
        return ToolResult("This cannot be done here.", ok=False)

    async def _collect(self, arguments: Mapping[str, Any], settings: Mapping[str, Any]) -> ToolResult:
        is_secret = settings.get("hide") == "always" or bool(arguments.get("secret"))
        digits = await self._keypad.collect(
            length=arguments.get("length") or 0,
            end_key=arguments.get("end_key") or "#",
            within_s=float(arguments.get("timeout_s") or COLLECT_S),
            hidden=is_secret,
        )
        if not digits:
            return ToolResult("The caller entered nothing.", ok=False)
        if not is_secret and len(digits) < SECRET_FROM:
            self._heard(digits)
            return ToolResult(f"The caller entered {' '.join(digits)}.")
        name = f"[entry {len(self.entries) + 1}]"
        self.entries[name] = digits
        return ToolResult(f"The caller entered {len(digits)} keys. They are kept from you; other tools take {name}.")

    def _send(self, digits: str) -> ToolResult:
        if not digits or set(digits) - KEYS:
            return ToolResult("Only 0 to 9, * and # can be pressed, and w for a pause.", ok=False)
        if not self._press(digits):
            return ToolResult("No keys can be pressed on this line.", ok=False)
        return ToolResult("The keys are pressed now.")
