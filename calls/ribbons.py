"""The ribbon: a call as two lanes along time, the caller above the line, the agent below. Paths of an SVG.

A person of the business who spoke in the agent's place stands in its lane, in a tone of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agentos.tenants.templatetags.words import count, duration
from calls.speech import Stretch

THINNEST = 150  # nothing is thinner than this share of the call, or it could not be seen


@dataclass(frozen=True, slots=True)
class Ribbon:
    """What a template prints. `width` is a share of the space in percent, empty for all of it."""

    length_ms: int
    caller: str
    agent: str
    unheard: str
    slow: str
    label: str
    person: str = ""
    width: str = ""


def ribbon(speech: Sequence[Stretch], length_ms: int, *, scale_ms: int = 0) -> Ribbon:
    """Draw a call. In a list all share one `scale_ms`, so that length is visible."""
    length = max(1, length_ms)
    thinnest = max(1, length // THINNEST)
    caller = [each for each in speech if not each.is_agent]
    agent = [each for each in speech if each.is_agent and not each.is_person]
    person = [each for each in speech if each.is_person]
    return Ribbon(
        length_ms=length,
        caller="".join(_block(each.start_ms, max(thinnest, each.end_ms - each.start_ms), 11, -9) for each in caller),
        agent="".join(_block(each.start_ms, max(thinnest, each.end_ms - each.start_ms), 13, 9) for each in agent),
        person="".join(_block(each.start_ms, max(thinnest, each.end_ms - each.start_ms), 13, 9) for each in person),
        unheard="".join(_block(each.end_ms, each.unheard_ms, 13, 9) for each in agent if each.unheard_ms),
        slow="".join(f"M{each.waits_from_ms} 12H{each.start_ms}" for each in agent if each.is_slow),
        label=_label(caller, agent, person, length_ms),
        width=f"{min(100.0, 100 * length / scale_ms):.2f}" if scale_ms else "",
    )


def _block(start_ms: int, ms: int, y: int, height: int) -> str:
    return f"M{start_ms} {y}h{ms}v{height}h-{ms}z"


def _label(caller: Sequence[Stretch], agent: Sequence[Stretch], person: Sequence[Stretch], length_ms: int) -> str:
    """The drawing in a sentence."""
    said = [f"the caller spoke {_times(len(caller))}", f"the agent {_times(len(agent))}"]
    if person:
        said.append(f"a person {_times(len(person))}")
    if cut := sum(each.unheard_ms > 0 for each in agent):
        said.append(f"{count(cut, 'reply,replies')} cut off")
    if slow := sum(each.is_slow for each in agent):
        said.append(count(slow, "slow reply,slow replies"))
    return f"{duration(length_ms)}: {', '.join(said)}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
