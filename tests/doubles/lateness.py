"""How late a double itself was: on a busy machine its timers are, and a benchmark must not blame the product for it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(slots=True)
class Lateness:
    """The sum over all answers of one kind, in milliseconds."""

    total_ms: float = 0.0
    count: int = 0

    def note(self, due: float) -> None:
        """It is being answered now; it was due at this time of the running loop."""
        self.total_ms += (asyncio.get_running_loop().time() - due) * 1000
        self.count += 1

    def stats(self) -> dict[str, float]:
        return {"late_ms": round(self.total_ms, 3), "timed": self.count}
