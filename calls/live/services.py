"""What people may do to a running call from its page, each of it in the log of the business."""

from __future__ import annotations

from agentos.errors import DomainError
from agentos.tenants.log import actor_name, record
from calls.conversation.commands import Answer, Command, HangUp, PutThrough, Whisper
from calls.live.commands import send
from calls.models import Call
from calls.transfers.models import Transfer
from calls.transfers.services import ask_for_person

LONGEST_WHISPER = 500
WHY_NOT = {
    Answer.OVER: "This call is over.",
    Answer.NO_SOUND: "This call is carried in words: there is no sound to listen to.",
    Answer.TAKEN: "Somebody else is speaking in this call.",
    Answer.LOST: "The call could not be reached just now. Look at the page before you try again.",
}


def whisper(call: Call, text: str) -> None:
    """Tell the agent something privately. Raises DomainError where it did not arrive."""
    text = " ".join(text.split())[:LONGEST_WHISPER]
    if not text:
        raise DomainError("empty", "Write what the agent should know.")
    record("call.whispered", "Whispered to the agent of a call in progress", subject=f"call {call.pk}")
    _send(call, Whisper(actor_name(), text))


def hang_up(call: Call, *, at_once: bool) -> None:
    """End the call, with the agent's goodbye or without. Raises DomainError where it did not arrive."""
    words = "Ended a call in progress at once" if at_once else "Let the agent end a call in progress"
    record("call.hung_up", words, subject=f"call {call.pk}")
    _send(call, HangUp(actor_name(), at_once))


def put_through(call: Call, department: str) -> None:
    """Let the caller be put through to whoever is there. Raises DomainError where nobody is."""
    key = f"{call.pk}:live:{Transfer.objects.filter(call=call).count()}"
    reason = f"{actor_name()} put the caller through."
    if not ask_for_person(call, key=key, reason=reason, department=department).is_possible:
        raise DomainError("nobody", "Nobody is there who could take the call. Look under Settings, People.")
    record("call.put_through", "Put a caller through to a person", subject=f"call {call.pk}", department=department)
    _send(call, PutThrough(actor_name()))


def note_presence(call_id: object, what: str, words: str) -> None:
    """Somebody listens or speaks."""
    record(what, words, subject=f"call {call_id}")


def _send(call: Call, command: Command) -> None:
    answer = send(call.tenant_id, call.pk, command)
    if answer is not Answer.DONE:
        raise DomainError(answer.value, WHY_NOT[answer])
