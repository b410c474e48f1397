"""What an agent is told before a call that it makes: who is called, why, what has been said, and how to begin.

It is kept with the call, so that whichever process carries the conversation knows it. What the carrier carries is a
signed reference to the call, and nothing of the person. Every value is data: cut, cleaned, never read as instructions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from agents.prompts import BUILT_IN, NAME, clean

MOST_VALUES, MOST_VALUE, MOST_TEXT, MOST_REMEMBERED = 30, 200, 2000, 20


@dataclass(frozen=True, slots=True)
class Briefing:
    """Empty for a call that came to us from somebody who is not remembered.

    `variables` are values as they are spoken, by the names that greeting and prompt may use; `facts` the same values as
    they are written. `introduction` is said before the greeting and cannot be interrupted. `stopped` answers whoever
    asks not to be called, and ends the call; without it nobody listens for that. `message` was heard already, in the
    `before_ms` before the agent came. `pretend` is what tools answer in a rehearsal, by their names.
    `takes_place` is when a rehearsal does, in ISO 8601; empty for now.
    `remembered` is what was said from this number in earlier calls, a line each.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    introduction: str = ""
    stopped: str = ""
    message: str = ""
    before_ms: int = 0
    pretend: Mapping[str, str] = field(default_factory=dict)
    remembered: tuple[str, ...] = ()
    takes_place: str = ""

    def __post_init__(self) -> None:
        for name in ("variables", "facts"):
            object.__setattr__(self, name, _bounded(getattr(self, name)))
        for name in ("reason", "introduction", "stopped", "message"):
            object.__setattr__(self, name, clean(getattr(self, name), MOST_TEXT))
        lines = tuple(clean(each, MOST_VALUE) for each in self.remembered[:MOST_REMEMBERED])
        object.__setattr__(self, "remembered", lines)

    def to_json(self) -> dict[str, Any]:
        """Empty for an empty one."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Briefing:
        return cls(**{name: data[name] for name in cls.__slots__ if name in data})

    @property
    def moment(self) -> datetime | None:
        return datetime.fromisoformat(self.takes_place) if self.takes_place else None

    def about(self) -> list[str]:
        """What the model reads of it, a line each."""
        lines = [f"Why you are calling: {self.reason}"] if self.reason else []
        lines += [f"{name}: {value}" for name, value in self.facts.items()]
        if self.introduction:
            lines.append("You made this call. They were told who is calling and that you are an AI assistant.")
        if self.message:
            lines.append(f'They have just heard this recorded message, and asked to speak with you: "{self.message}"')
        return lines


def _bounded(values: Mapping[str, Any]) -> dict[str, str]:
    """Usable names only; those of the platform keep their meaning."""
    usable = {name: value for name, value in values.items() if NAME.fullmatch(name) and name not in BUILT_IN}
    kept = {name: clean(value, MOST_VALUE) for name, value in usable.items()}
    return dict(list({name: value for name, value in kept.items() if value}.items())[:MOST_VALUES])
