"""How a transfer ends for the caller: after a talk, with nobody, or because they have hung up. Inside the tenant."""

from __future__ import annotations

from dataclasses import replace

from django.utils.timezone import now

from calls.calendar.booking import Guest, Origin
from calls.followups.services import keep_message, request_call_back
from calls.models import Call, ToolRun
from calls.numbers import read_number
from calls.services import finish
from calls.transfers.introducing import name_in, redactor_of
from calls.transfers.models import Transfer
from calls.transfers.steps import After, Told
from calls.transfers.telling import other_number

NOBODY = (
    "Nobody took the call. You are speaking with the caller again: say that you are sorry, and offer to take a message "
    "or to have them called back."
)
TALKED = "The caller talked with {name}, who has hung up. You are speaking with the caller again."
TOOL = "transfer_call"

State, Fallback, Afterwards = Transfer.State, Transfer.Fallback, Transfer.Afterwards


def close(transfer: Transfer, state: Transfer.State) -> None:
    transfer.state, transfer.ended_at = state, now()
    transfer.save(update_fields=["state", "ended_at"])


def have_talked(transfer: Transfer, told: Told) -> After:
    """The talk with a person is over."""
    close(transfer, State.REACHED)
    is_over = told.has_left or transfer.afterwards == Afterwards.GOODBYE
    if is_over:
        finish(transfer.call, Call.Ending.TRANSFERRED, now())
    else:
        _correct(transfer.call, TALKED.format(name=transfer.tried[-1]["name"] if transfer.tried else "a colleague"))
    return _after_talk(transfer, told)


def _after_talk(transfer: Transfer, told: Told) -> After:
    if told.has_left:
        return After.ENDED
    return After.AGENT if transfer.afterwards == Afterwards.AGENT else After.GOODBYE


def nobody_took(transfer: Transfer) -> After:
    """Nobody is left to be rung: what the settings plan for this."""
    close(transfer, State.UNREACHED)
    match transfer.fallback:
        case Fallback.MESSAGE:
            return After.MESSAGE
        case Fallback.CALL_BACK if promise_call_back(transfer):
            finish(transfer.call, Call.Ending.AGENT, now())
            return After.CALL_BACK
    _correct(transfer.call, NOBODY)
    return After.AGENT


def promise_call_back(transfer: Transfer) -> bool:
    """Write down that somebody is to call back, where there is a number."""
    number = read_number(other_number(transfer.call))
    if not number:
        return False
    reason = ", ".join(filter(None, ("Nobody could take the call", transfer.reason)))
    guest = Guest(name_in(transfer.call), number, reason)
    request_call_back(guest, now(), Origin(transfer.call_id, key=f"unreached:{transfer.room}"))
    return True


def left(transfer: Transfer) -> After:
    """The caller has hung up while waiting: somebody should know of it."""
    close(transfer, State.LEFT)
    finish(transfer.call, Call.Ending.CALLER, now())
    guest = Guest(name_in(transfer.call), read_number(other_number(transfer.call)))
    origin = Origin(transfer.call_id, key=f"left:{transfer.room}")
    to = f" to be put through to {transfer.department}" if transfer.department else " to be put through"
    words = " ".join(filter(None, (f"Waited{to}, and hung up before somebody took the call.", transfer.reason)))
    if guest.e164:
        request_call_back(replace(guest, reason=words), now(), origin)
    else:  # nobody to call back, but somebody to know of
        keep_message(words, guest, origin, for_whom=transfer.department)
    return After.ENDED


def again(transfer: Transfer, told: Told) -> After:
    """What a caller hears whose transfer is over, when the carrier asks once more."""
    match transfer.state:
        case State.REACHED:
            return _after_talk(transfer, told)
        case State.LEFT:
            return After.ENDED
        case State.UNREACHED if transfer.fallback == Fallback.MESSAGE:
            return After.MESSAGE if told.words is None else take_message(transfer, told.words)
        case State.UNREACHED if transfer.fallback == Fallback.CALL_BACK and transfer.call.status == Call.Status.ENDED:
            return After.CALL_BACK
    return After.AGENT


def take_message(transfer: Transfer, words: str) -> After:
    """Pass on what a caller said whom nobody could take."""
    call = transfer.call
    if text := redactor_of(call).text(words.strip()):
        guest = Guest(name_in(call), read_number(other_number(call)))
        origin = Origin(call.pk, key=f"message:{transfer.room}")
        keep_message(text, guest, origin, for_whom=transfer.department)
    finish(call, Call.Ending.AGENT, now())
    return After.THANKS


def _correct(call: Call, result: str) -> None:
    """Let the agent that comes back know what became of its wish to put somebody through."""
    run = ToolRun.objects.filter(call=call, name=TOOL).order_by("-started_ms", "-pk")[:1]
    state = ToolRun.State.FAILED if result == NOBODY else ToolRun.State.DONE
    ToolRun.objects.filter(pk__in=[each.pk for each in run]).update(state=state, result=result)
