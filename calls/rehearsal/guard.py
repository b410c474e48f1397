"""A rehearsal that is a real call: whoever carries it keeps every effect from the world."""

from __future__ import annotations

from collections.abc import Callable

from calls.conversation.guarding import Worker
from calls.models import Call
from calls.rehearsal.talk import Pretending
from calls.services import NewCall
from calls.toolbox import ToolWorker


def is_rehearsed(new: NewCall) -> bool:
    return new.channel == Call.Channel.REHEARSAL


def hands_of(new: NewCall) -> Callable[[ToolWorker], Worker]:
    """Who does what tools are asked for: in a rehearsal somebody who only pretends."""
    if not is_rehearsed(new):
        return lambda worker: worker
    return lambda worker: Pretending(new.briefing.pretend, worker, can_transfer=False, has_keypad=True)


def stops_of(new: NewCall, store: Callable[[str], None]) -> Callable[[str], None]:
    """Who is told that somebody does not want to be called any more: of a rehearsal nobody."""
    return (lambda said: None) if is_rehearsed(new) else store
