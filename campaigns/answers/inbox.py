"""Working through replies: what people do with an answer, and how they take it back.

Each step is one transaction around the reply's row. Whoever acts says which version they saw; a step on an older one
changes nothing and tells who was faster. What was before stays with the step.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.models import Membership, Tenant, User
from agentos.tenants.permissions import Permission, may
from agentos.tenants.scoping import tenant_transaction
from agentos.tenants.templatetags.words import when
from campaigns.models import Attempt, Campaign, Consent, DoNotCall, Reply, ReplyStep, Target
from campaigns.outcomes import in_a_sentence
from campaigns.people.optout import OPTED_OUT, is_them_after_all, opt_out, reached_somebody_else
from campaigns.services import call_again

UNDO_WITHIN = timedelta(days=1)
MOST_NOTED = 2000
Status = Target.Status


class What(StrEnum):
    """What a person can do with a reply. The first six and CALL_AGAIN settle it; the values are dispositions."""

    CONFIRM = "confirmed"
    RESCHEDULE = "rescheduled"
    CANCEL = "canceled"
    STOP = OPTED_OUT
    WRONG_PERSON = "wrong_person"
    OTHER = "other"
    CALL_AGAIN = "call_again"
    ASSIGN = "assigned"
    NOTE = "noted"
    REOPEN = "reopened"

    @property
    def words(self) -> str:
        return _WORDS[self]


_WORDS = {
    What.CONFIRM: "Confirmed",
    What.RESCHEDULE: "Another day",
    What.CANCEL: "Canceled",
    What.STOP: "Stop calling",
    What.WRONG_PERSON: "Wrong person",
    What.OTHER: "Handled",
    What.CALL_AGAIN: "Call again",
    What.ASSIGN: "Assigned",
    What.NOTE: "Note",
    What.REOPEN: "Opened again",
}
_IS_THEM = (What.CONFIRM, What.RESCHEDULE, What.CANCEL, What.CALL_AGAIN)
_ENDS = (What.CONFIRM, What.RESCHEDULE, What.CANCEL, What.WRONG_PERSON)
_KEPT = ("status", "disposition", "note", "assigned_to_id", "handled_by_id")


class Stale(DomainError):
    """Somebody, or the fetched recording, was faster."""


def handle(tenant: Tenant, reply_id: int, *, what: What, seen: int, by: User, at: datetime | None = None) -> ReplyStep:
    """Settle a reply, and with it the person in the campaign. Raises Stale, and DomainError where it cannot be."""
    with tenant_transaction(tenant):
        reply, at = _held(reply_id, seen), at or now()
        if reply.status == Reply.Status.HANDLED:
            raise _stale(reply)
        before = _kept(reply)
        if what is What.CALL_AGAIN:  # whoever locks a campaign and people in it begins with the campaign
            Campaign.objects.select_for_update().get(pk=reply.attempt.campaign_id)
        if what is not What.OTHER:
            target = Target.objects.select_for_update().get(pk=reply.target_id)
            before |= {"target": _state_of(target)}
        if what in _IS_THEM:
            before |= _open_their_number(reply, by, at)
        match what:
            case What.STOP | What.WRONG_PERSON if what is What.STOP or not reply.attempt.campaign.is_test:
                before |= _close_their_number(reply, what, by, at)
            case What.CALL_AGAIN:
                call_again(tenant, reply.target_id, at=at)
            case _ if what in _ENDS:
                _end(target, what)
        reply.status, reply.disposition = Reply.Status.HANDLED, what.value
        reply.handled_by, reply.handled_at = by, at
        return _write(reply, what, by, at, before)


def assign(
    tenant: Tenant, reply_id: int, *, to: User | None, seen: int, by: User, at: datetime | None = None
) -> ReplyStep:
    """Give a reply to a colleague who may handle it, or to nobody."""
    with tenant_transaction(tenant):
        reply = _held(reply_id, seen)
        if to is not None and to not in colleagues(tenant):
            raise DomainError("not_a_colleague", "This person cannot handle replies here.")
        before = _kept(reply)
        reply.assigned_to = to
        return _write(reply, What.ASSIGN, by, at or now(), before)


def note(tenant: Tenant, reply_id: int, *, text: str, seen: int, by: User, at: datetime | None = None) -> ReplyStep:
    """Keep a note with the reply, instead of the one before."""
    with tenant_transaction(tenant):
        reply = _held(reply_id, seen)
        before = _kept(reply)
        reply.note = text.strip()[:MOST_NOTED]
        return _write(reply, What.NOTE, by, at or now(), before)


def reopen(tenant: Tenant, reply_id: int, *, seen: int, by: User, at: datetime | None = None) -> ReplyStep:
    """Put a handled reply back on the list. What it led to stays as it is; a stop is lifted on its own list only."""
    with tenant_transaction(tenant):
        reply = _held(reply_id, seen)
        if reply.disposition == OPTED_OUT:
            raise DomainError("opted_out", "Whoever asked not to be called stays on the do-not-call list.")
        before = _kept(reply)
        reply.status, reply.disposition, reply.handled_by, reply.handled_at = Reply.Status.OPEN, "", None, None
        return _write(reply, What.REOPEN, by, at or now(), before)


def undo(tenant: Tenant, reply_id: int, *, step_id: int, by: User, at: datetime | None = None) -> ReplyStep:
    """Take the last step back: reply, person and lists are as before, and the step stays as a trace. Raises Stale.

    A do-not-call entry is withdrawn only if this step made it and nobody has asked for it again.
    """
    with tenant_transaction(tenant):
        at = at or now()
        reply = _lock(reply_id)
        step: ReplyStep | None = ReplyStep.objects.select_for_update().filter(pk=step_id, reply=reply).first()
        if step is None:
            raise DomainError("no_step", "There is nothing to undo here.")
        if step.version != reply.version or step.undone_at is not None:
            raise _stale(reply)
        if at - step.at > UNDO_WITHIN:
            raise DomainError(
                "too_late", "Only what was done within a day can be undone. Open the reply again instead."
            )
        if "target" in step.before:
            _restore_person(reply, step, by, at)
        for name in _KEPT:
            setattr(reply, name, step.before[name])
        if reply.file and reply.status == Reply.Status.FETCHING:  # it has arrived since
            reply.status = Reply.Status.OPEN
        handled_at = step.before["handled_at"]
        reply.handled_at = datetime.fromisoformat(handled_at) if handled_at else None
        reply.version += 1
        reply.save()
        step.undone_by, step.undone_at = by, at
        step.save(update_fields=["undone_by", "undone_at"])
        return step


def undoable(reply: Reply, at: datetime) -> ReplyStep | None:
    """The step that `undo` would take back now."""
    step: ReplyStep | None = reply.steps.filter(version=reply.version, undone_at=None).select_related("by").first()
    return step if step is not None and at - step.at <= UNDO_WITHIN else None


def colleagues(tenant: Tenant) -> list[User]:
    """Who may handle replies, by name."""
    members = Membership.objects.filter(tenant=tenant, user__is_active=True).select_related("user", "tenant")
    able = [each.user for each in members if may(each, Permission.HANDLE_REPLIES)]
    return sorted(able, key=lambda user: str(user).lower())


# What a step changes, and what it has to know to be taken back ---------------------------------------------


def _close_their_number(reply: Reply, what: What, by: User, at: datetime) -> dict[str, Any]:
    """They want no calls, or it is not their number."""
    number = str(reply.attempt.e164)
    known = DoNotCall.objects.filter(e164=number, lifted_at=None).values_list("pk", flat=True).first()
    waiting = Target.objects.select_for_update().filter(e164=number, status=Status.WAITING).exclude(pk=reply.target_id)
    others = {str(each.pk): _state_of(each) for each in waiting}
    agreed = Consent.objects.filter(e164=number, revoked_at=None, given_at__lte=at)
    consents = list(agreed.values_list("pk", flat=True))
    heard = f'"{reply.transcript[:200]}"' if reply.transcript else "The recording"
    evidence = f"{heard}, call {reply.attempt.carrier_sid or reply.attempt_id}, understood by {by}."
    if what is What.STOP:
        entry = opt_out(number, DoNotCall.Source.ADMIN, evidence, at)
    else:
        entry = reached_somebody_else(number, evidence, at)
    target = Target.objects.get(pk=reply.target_id)
    if target.status == Status.DONE:
        _end(target, what)
    if entry.pk == known:
        return {}
    entry.created_by = by
    entry.save(update_fields=["created_by"])
    return {"entry": entry.pk, "others": others, "consents": consents}


def _open_their_number(reply: Reply, by: User, at: datetime) -> dict[str, Any]:
    """What passed for the wrong person is the right one."""
    entry = is_them_after_all(str(reply.attempt.e164), f"It is them: the answer was understood anew by {by}.", at)
    return {"not_theirs": entry.evidence} if entry is not None else {}


def _end(target: Target, what: What) -> None:
    """Who asked us to stop stays so; who is being called at this moment is settled by that call."""
    if target.status in (Status.DONE, Status.WAITING) and target.disposition != OPTED_OUT:
        target.status, target.disposition, target.reason = Status.DONE, what.value, ""
        target.save(update_fields=["status", "disposition", "reason"])


def _restore_person(reply: Reply, step: ReplyStep, by: User, at: datetime) -> None:
    if Attempt.objects.filter(target=reply.target_id, claimed_at__gt=step.at).exists():
        raise DomainError("called_since", "They have been called since. This cannot be undone any more.")
    if "entry" in step.before:
        _withdraw(step, by, at)
    if "not_theirs" in step.before:
        reached_somebody_else(str(reply.attempt.e164), step.before["not_theirs"], at)
    _restore(reply.target_id, step.before["target"])


def _withdraw(step: ReplyStep, by: User, at: datetime) -> None:
    """The entry stays on its page, lifted, with the reason."""
    entry: DoNotCall = DoNotCall.objects.select_for_update().get(pk=step.before["entry"])
    if entry.asked_again_at is not None:
        raise DomainError("asked_again", "They have asked again not to be called. The number stays on the list.")
    if entry.lifted_at is None:
        entry.lifted_at, entry.lifted_why = at, f"Taken back by {by}: entered by mistake."[:200]
        entry.save(update_fields=["lifted_at", "lifted_why"])
    withdrawn = Consent.objects.filter(pk__in=step.before["consents"], revoked_at=step.at)
    withdrawn.update(revoked_at=None, revoked_how="")
    for target_id, state in step.before["others"].items():
        _restore(int(target_id), state, disposition=step.what)


def _restore(target_id: int, state: dict[str, Any], **only: str) -> None:
    due_at = datetime.fromisoformat(state["due_at"])
    Target.objects.filter(pk=target_id, **only).exclude(status=Status.LIVE).update(**state | {"due_at": due_at})


def _state_of(target: Target) -> dict[str, Any]:
    names = ("status", "disposition", "reason")
    return {name: getattr(target, name) for name in names} | {"due_at": target.due_at.isoformat()}


# Rows -----------------------------------------------------------------------------------------------------


def _held(reply_id: int, seen: int) -> Reply:
    reply = _lock(reply_id)
    if reply.version != seen:
        raise _stale(reply)
    return reply


def _lock(reply_id: int) -> Reply:
    replies = Reply.objects.select_for_update(of=("self",)).select_related("attempt__campaign", "handled_by")
    reply: Reply | None = replies.filter(pk=reply_id).first()
    if reply is None:
        raise DomainError("no_reply", "This reply does not exist any more.")
    return reply


def _stale(reply: Reply) -> Stale:
    step = reply.steps.select_related("by", "undone_by").last()
    if step is None or (reply.handled_by_id is None and reply.status == Reply.Status.HANDLED):
        return Stale("stale", "This reply was sorted by its words in the meantime. Nothing was changed.")
    who, moment = (step.undone_by, step.undone_at) if step.undone_at else (step.by, step.at)
    did = "took it back" if step.undone_at else f"was faster: {What(step.what).words}"
    return Stale("stale", f"{who or 'Somebody'} {did}, {in_a_sentence(when(moment))}. Nothing was changed.")


def _kept(reply: Reply) -> dict[str, Any]:
    handled_at = reply.handled_at.isoformat() if reply.handled_at else None
    return {name: getattr(reply, name) for name in _KEPT} | {"handled_at": handled_at}


def _write(reply: Reply, what: What, by: User, at: datetime, before: dict[str, Any]) -> ReplyStep:
    reply.version += 1
    reply.save()
    step: ReplyStep = ReplyStep.objects.create(
        reply=reply, version=reply.version, what=what.value, by=by, at=at, before=before
    )
    return step
