"""What a tool may be used for, decided outside the model: plain data that the engine holds every call against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Evidence(StrEnum):
    """What must have been said before an argument is believed."""

    DIGITS = "digits"  # its digits were spoken or pressed by the caller, or are the caller's number
    WORDS = "words"  # its words were spoken by the caller


@dataclass(frozen=True, slots=True)
class Limits:
    """How often, and on what evidence.

    `after_yes`: the caller's latest turn must agree to something. `said`: arguments that must come from the caller.
    """

    per_call: int = 10
    per_turn: int = 3
    after_yes: bool = False
    said: Mapping[str, Evidence] = field(default_factory=dict)
