"""How an attempt came out, and what follows: done, never again, or another try at a lawful time."""

from __future__ import annotations

from datetime import datetime, timedelta

from campaigns.calling.breaker import watch
from campaigns.calling.lines import give_back
from campaigns.models import Attempt, DoNotCall, Reply, Target
from campaigns.people.optout import OPTED_OUT, WRONG, WRONG_PERSON, reached_somebody_else

# Somebody has given their answer: they are not called again, whatever a person chooses on a page.
ANSWERS = frozenset({"confirmed", "rescheduled", "canceled", "opted_out", "wrong_person"})
# Not tried again by itself. Whoever only heard it may be called again by choice.
FINAL = ANSWERS | {"spoken", "stopped", "hung_up", "fax"}
# Answers after which somebody has something to do: find another time, fill the gap, correct the number.
LEAVES_WORK = frozenset({"rescheduled", "canceled", "wrong_person"})
# Whom a message was left for, or who could not be connected, is tried again where the campaign wants it.
RETRY_MINUTES = {"busy": 15, "no_answer": 120, "machine": 240, "screened": 240, "not_understood": 60}

# The carrier's word for a call that is over, where nothing better is known.
OUTCOMES = {"busy": "busy", "no-answer": "no_answer", "canceled": "stopped", "failed": "failed"}


def settle(attempt: Attempt, outcome: str, at: datetime, *, reason: str = "") -> None:
    """End the attempt with this outcome. An attempt ends once; what is reported later changes nothing."""
    if attempt.state == Attempt.State.ENDED:
        return
    attempt.state, attempt.outcome, attempt.ended_at = Attempt.State.ENDED, outcome, at
    attempt.save(update_fields=["state", "outcome", "ended_at"])
    target = attempt.target
    pause = retry_after(attempt, outcome)
    if pause is None:
        target.status, target.disposition, target.reason = Target.Status.DONE, _became(attempt, outcome), reason
    else:
        target.status, target.due_at, target.reason = Target.Status.WAITING, at + pause, outcome
    target.save(update_fields=["status", "disposition", "due_at", "reason"])
    give_back(attempt.pk)
    watch(attempt.campaign_id, outcome, at)
    if outcome == WRONG_PERSON and not attempt.campaign.is_test:  # a test rings whoever asked for it
        how = f"Pressed {attempt.key_pressed}" if attempt.key_pressed else "Said so"
        reached_somebody_else(str(attempt.e164), f"{how} in call {attempt.carrier_sid}.", at)
    if outcome in LEAVES_WORK:
        _put_on_the_work_list(attempt, at)


def _became(attempt: Attempt, outcome: str) -> str:
    """What became of the person. Whose call was canceled because they opted out meanwhile, has opted out."""
    if outcome != "stopped":
        return outcome
    entry = DoNotCall.objects.filter(e164=attempt.e164, lifted_at=None).first()
    return outcome if entry is None else WRONG_PERSON if entry.source == WRONG else OPTED_OUT


def _put_on_the_work_list(attempt: Attempt, at: datetime) -> None:
    """Where words were kept already, the work is known."""
    by_key = {"proposed": attempt.outcome, "proposed_by": Reply.Sorter.KEY, "confidence": 1.0}
    known = {"target": attempt.target, "status": Reply.Status.OPEN, "received_at": at, "because": attempt.key_pressed}
    Reply.objects.get_or_create(attempt=attempt, defaults=by_key | known)


def retry_after(attempt: Attempt, outcome: str) -> timedelta | None:
    """How long to wait before the next try; None when there is none. The gate still has to agree at that time."""
    if outcome in FINAL or attempt.number >= attempt.campaign.most_attempts:
        return None
    minutes = {**RETRY_MINUTES, **attempt.campaign.retries}.get(outcome)
    return timedelta(minutes=minutes) if minutes else None


def advance(attempt: Attempt, status: str, at: datetime) -> None:
    """Take a status of the carrier, which may come late, twice and out of order: an attempt only moves forwards."""
    if attempt.state == Attempt.State.ENDED:
        return
    if status == "in-progress" and attempt.answered_at is None:
        attempt.state, attempt.answered_at = Attempt.State.ANSWERED, at
        attempt.save(update_fields=["state", "answered_at"])
    elif status in OUTCOMES:
        settle(attempt, OUTCOMES[status], at)
    elif status == "completed":
        settle(attempt, attempt.outcome or ("spoken" if attempt.answered_at else "no_answer"), at)
