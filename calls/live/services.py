"""What people may do to a running call from its page, each of it in the log of the business.

What is not known to have arrived may have been done: that stands in the log, too.
"""

from __future__ import annotations

import time
from typing import Any

from django.db import transaction

from agentos.errors import DomainError
from agentos.tenants.log import actor_name, record
from calls.conversation.commands import Answer, Command, HangUp, PutThrough, Whisper
from calls.live.commands import send
from calls.models import Call
from calls.moving import is_between_lines
from calls.transfers.models import Transfer
from calls.transfers.services import ask_for_person

LONGEST_WHISPER = 500
WHY_NOT = {
    Answer.OVER: "This call is over.",
    Answer.NO_SOUND: "This call is carried in words: there is no sound to listen to.",
    Answer.MOVING: "The call is being connected anew. Try again in a moment.",
    Answer.TAKEN: "Somebody else is speaking in this call.",
    Answer.LOST: "The call could not be reached just now. Look at the page before you try again.",
}
CANNOT_MOVE = "The call could not be moved to a line of sound. Look at the page before you try again."
LONGEST_MOVE_S, LOOKS_EVERY_S = 4.0, 0.2
UNSURE = ", and nobody knows whether it arrived"


def whisper(call: Call, text: str) -> Answer:
    """Tell the agent something privately: done, or lost. Raises DomainError where it was not done."""
    text = " ".join(text.split())[:LONGEST_WHISPER]
    if not text:
        raise DomainError("empty", "Write what the agent should know.")
    answer = _send(call, Whisper(actor_name(), text))
    _record(answer, call, "call.whispered", "Whispered to the agent of a call in progress")
    return answer


def hang_up(call: Call, *, at_once: bool) -> Answer:
    """End the call, with the agent's goodbye or without: done, or lost. Raises DomainError where it was not done."""
    answer = _send(call, HangUp(actor_name(), at_once))
    words = "Ended a call in progress at once" if at_once else "Let the agent end a call in progress"
    _record(answer, call, "call.hung_up", words)
    return answer


def put_through(call: Call, *, department: str = "", person_id: int | None = None) -> Answer:
    """Let the caller be put through to this person, or to whoever is there. Raises DomainError where nobody is.

    Of a wish that is not known to have arrived nothing waits: the agent would leave the call for nobody, and is back.
    """
    key = f"{call.pk}:live:{Transfer.objects.filter(call=call).count()}"
    reason = f"{actor_name()} put the caller through."
    whom = {"department": department, "person_id": person_id}
    with transaction.atomic():
        asked = ask_for_person(call, key=key, reason=reason, department=department, person_id=person_id)
        if asked.transfer is None:
            raise DomainError("nobody", "Nobody is there who could take the call. Look under Settings, People.")
        people = [each["name"] for each in asked.transfer.people]
        answer = _send(call, PutThrough(actor_name()))
        if answer is Answer.LOST:
            transaction.set_rollback(True)
    _record(answer, call, "call.put_through", f"Put a caller through to {', '.join(people)}", **whom)
    return answer


def note_presence(call_id: object, what: str, words: str) -> None:
    """Somebody listens or speaks."""
    record(what, words, subject=f"call {call_id}")


def _record(answer: Answer, call: Call, what: str, words: str, **details: Any) -> None:
    record(what, words + (UNSURE if answer is Answer.LOST else ""), subject=f"call {call.pk}", **details)


def _send(call: Call, command: Command) -> Answer:
    """Whoever reaches a call between two of its lines waits for the next one."""
    until = time.monotonic() + LONGEST_MOVE_S
    while (answer := send(call.tenant_id, call.pk, command)) in (Answer.OVER, Answer.MOVING) and is_between_lines(call):
        if time.monotonic() > until:
            raise DomainError(Answer.MOVING.value, WHY_NOT[Answer.MOVING])
        time.sleep(LOOKS_EVERY_S)
    if answer not in (Answer.DONE, Answer.LOST):
        raise DomainError(answer.value, WHY_NOT[answer])
    return answer
