"""Where the time of one reply went: stamps, stages that add up, and the one figure that the caller felt."""

from __future__ import annotations

from dataclasses import dataclass

STAGES = (
    ("endpointing", "endpoint"),  # knowing that the caller has finished
    ("model", "first_token"),  # the first word of the answer
    ("tool", "tools"),  # what had to be done before there was an answer
    ("model", "answer_token"),  # the first word of the answer that knows what came of it
    ("piece", "first_piece"),  # enough words to speak
    ("voice", "first_audio"),  # their first sound
    ("sending", "first_frame"),  # on its way
)


@dataclass(slots=True)
class Timing:
    """Stamps of one reply in seconds of `loop.time()`; None for what did not happen."""

    voice_ended: float | None = None
    endpoint: float | None = None
    speculated: float | None = None
    committed: float | None = None
    first_token: float | None = None
    tools: float | None = None
    answer_token: float | None = None
    first_piece: float | None = None
    first_audio: float | None = None
    first_frame: float | None = None
    heard: float | None = None

    def stamp(self, name: str, at: float) -> None:
        """Set a stamp, once; what happens again later does not move it."""
        if getattr(self, name) is None:
            setattr(self, name, at)

    @property
    def waited_ms(self) -> int | None:
        """From the caller's last voice to our first frame; None when nobody waited for this reply.

        Words that had to stand back until the agent's had ended wait from that end.
        """
        if self.voice_ended is None or self.first_frame is None:
            return None
        return max(0, round((self.first_frame - self.voice_ended) * 1000))

    def stages(self) -> dict[str, int]:
        """Milliseconds of each stage, in order; they add up to `waited_ms`.

        A stage that speculation finished ahead of time takes none of the caller's: it counts from where the
        stage before it ended.
        """
        if self.voice_ended is None or self.first_frame is None:
            return {}
        total, reached, stages = self.waited_ms or 0, 0, dict[str, int]()
        for name, stamp_name in STAGES:
            stamp = getattr(self, stamp_name)
            at = reached if stamp is None else min(total, max(reached, round((stamp - self.voice_ended) * 1000)))
            stages[name], reached = stages.get(name, 0) + at - reached, at
        if self.tools is None:
            del stages["tool"]
        stages["sending"] += total - reached
        return stages

    def report(self) -> dict[str, object]:
        """What is stored with the turn: the figure, its stages, and every stamp relative to the caller's last voice."""
        origin = self.voice_ended if self.voice_ended is not None else self.endpoint
        stamps = {
            name: round((stamp - origin) * 1000)
            for name in self.__slots__
            if origin is not None and (stamp := getattr(self, name)) is not None
        }
        return {"waited_ms": self.waited_ms, "stages": self.stages(), "stamps": stamps}
