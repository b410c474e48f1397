"""What a call, or a person, has left elsewhere: it goes when what was said is erased because somebody asks for it."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from agentos.jobs import enqueue
from agentos.webhooks.models import Event, Try
from calls.calendar.models import Appointment
from calls.followups.models import CallBack, Lead, LeftMessage
from calls.memory.models import Memory, Remembering
from calls.native.models import NativeCall
from calls.rehearsal.models import Rehearsal
from calls.transfers.models import Transfer

ERASED = "Erased"


def erase_traces(calls: Collection[UUID], number: str = "") -> None:
    """Of these calls, and of whoever has this number: what they left for people, and copies of what they said.

    An appointment stays as a time that is taken, and says of nobody whose it is; Google is told the same.
    """
    theirs = Q(call__in=calls) | Q(e164=number) if number else Q(call__in=calls)
    for left in (LeftMessage, Lead, CallBack):
        left.objects.filter(theirs).delete()
    if number:
        Memory.objects.filter(e164=number).delete()
        Remembering.objects.filter(e164=number).delete()
    Rehearsal.objects.filter(from_call__in=calls).delete()
    for appointment in Appointment.objects.filter(theirs).exclude(name=ERASED):
        appointment.name, appointment.e164, appointment.reason = ERASED, "", ""
        appointment.revise(timezone.now())
        appointment.save(update_fields=["name", "e164", "reason", "changed_at", "revision"])
        enqueue("calls.tasks.mirror_appointment", appointment.pk)
    forget_events(events_of(calls, number))


def erase_copies(calls: Collection[UUID]) -> None:
    """What repeats the words of these calls, however they are erased: why they were put through, and what was told."""
    Transfer.objects.filter(call__in=calls).update(reason="", summary="")
    forget_events(events_of(calls))


def erase_at_vendors(calls: Collection[UUID]) -> None:
    """What a vendor has of these calls is deleted there, and what has not come from there yet is not taken any more."""
    theirs = NativeCall.objects.filter(call__in=calls).exclude(state=NativeCall.State.IMPORTED, conversation_id="")
    theirs.update(
        state=NativeCall.State.ERASED, wants_deletion=True, wants_recording=False, tries=0, due_at=timezone.now()
    )


def events_of(calls: Collection[UUID], number: str = "") -> QuerySet[Event]:
    """What the business's own systems were told of these calls, and of this number."""
    told = Q(data__call_id__in=[str(each) for each in calls])
    if number:
        told |= Q(text__contains=number)
    found: QuerySet[Event] = Event.objects.annotate(text=Cast("data", TextField())).filter(told)
    return found


def forget_events(events: QuerySet[Event]) -> None:
    """The log keeps that they were sent, and what still waits goes out empty; what arrived is not ours to erase."""
    ids = list(events.values_list("pk", flat=True))
    Try.objects.filter(delivery__event__in=ids).update(answer="")
    Event.objects.filter(pk__in=ids).update(data={"erased": True})
