"""Somebody picked up: what they hear, and what their answer does.

Each function is one transaction around the attempt's row, and safe to repeat: the carrier asks again when it did not
hear us. What it is to do comes back as `Told`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from agentos.jobs import enqueue
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from campaigns.answers.asking import ask_a_model
from campaigns.answers.sorting import Meaning, sort
from campaigns.calling import addresses, call_words
from campaigns.calling.addresses import Stage
from campaigns.calling.attempts import adopt, locked, of_call
from campaigns.calling.call_words import caller_of
from campaigns.calling.claiming import put_off
from campaigns.calling.machines import Machine, who_speaks
from campaigns.calling.reporting import FAX, MACHINE, MACHINES, SCREENED, SCREENING
from campaigns.calling.settling import advance, settle
from campaigns.facts import HUNG_UP, FactBook
from campaigns.jurisdictions import tables
from campaigns.models import Attempt, Campaign, DoNotCall, Reply, Target
from campaigns.people.optout import OPTED_OUT, WRONG_PERSON, opt_out
from campaigns.receipts import write_receipt
from campaigns.rules import Gate, Verdict, may_call
from campaigns.texts import phrases
from campaigns.texts.phrases import AGENT, AGENT_KEY, STOP_KEY
from telephony import twiml
from telephony.twiml import Heard

LONGEST_REPLY_S = 60
NOBODY_SPOKE_WITH_THEM = "They asked to speak with somebody, and the agent could not take the call."
MOST_TIMES = 3  # so often is a message said, whatever is pressed or asked
MOST_WAITS = 5
WAIT_S = {"screening": 20, "hold": 20, "mailbox": 6, "voicemail": 5, "message": 5}


@dataclass(frozen=True, slots=True)
class Told:
    """Instructions for the carrier; with `to_agent`, the live agent takes the call instead."""

    text: str = ""
    to_agent: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a key, or words and how sure the carrier's ear is of them, or neither; and to what."""

    key: str = ""
    said: str = ""
    heard: float = 1.0
    stage: Stage = field(default_factory=Stage)


HANG_UP = Told(twiml.hang_up())


def pick_up(tenant_id: int, attempt_id: UUID, sid: str, at: datetime) -> Told:
    """Somebody, or something, has answered. The gate is asked again before a word is said."""
    with tenant_transaction(tenant_id):
        adopt({attempt_id: sid})
        attempt = of_call(attempt_id, sid)
        if attempt is None or attempt.state == Attempt.State.ENDED:
            return HANG_UP
        verdict = _judge(attempt, at)
        if not verdict.may_call:
            return _refuse(attempt, verdict, at)
        advance(attempt, "in-progress", at)
        if attempt.answered_by in MACHINES:
            return _to_machine(attempt, at)
        return _message(attempt, Stage())


def press(tenant_id: int, attempt_id: UUID, sid: str, answer: Answer, at: datetime) -> Told:
    """A key, some words, or neither after what was said was heard to its end."""
    key = answer.key
    with tenant_transaction(tenant_id):
        attempt = of_call(attempt_id, sid)
        if attempt is None:
            return HANG_UP
        if key == STOP_KEY:
            return _stop(attempt, DoNotCall.Source.KEY, _pressed(attempt, key), at, key=key)
        if attempt.state == Attempt.State.ENDED:
            return _thanks(attempt) if key and key == attempt.key_pressed else HANG_UP
        if key:
            return _choose(attempt, key, at, answer.stage)
        if _means(attempt, attempt.key_pressed) == AGENT:
            return Told(to_agent=True)
        if answer.said:
            return _understand(attempt, answer, at)
        return _heard_nothing(attempt, answer.stage, at)


def take_recording(tenant_id: int, attempt_id: UUID, sid: str, recording: str, key: str, at: datetime) -> Told:
    """A spoken answer was recorded. It is fetched later; a key that ended it counts as well."""
    with tenant_transaction(tenant_id):
        attempt = of_call(attempt_id, sid)
        if attempt is None:
            return HANG_UP
        _keep_reply(attempt, recording, at)
        if key == STOP_KEY:
            return _stop(attempt, DoNotCall.Source.KEY, _pressed(attempt, key), at, key=key)
        if attempt.state != Attempt.State.ENDED and key in attempt.campaign.keys:
            return _choose(attempt, key, at, Stage())
        settle(attempt, "spoken", at)
        return _thanks(attempt)


def handed_over(tenant_id: int, attempt_id: UUID, call_id: UUID | None, at: datetime) -> None:
    """The live agent has the call; None: it could not take it."""
    with tenant_transaction(tenant_id):
        if call_id is not None:
            Attempt.objects.filter(pk=attempt_id).update(call_id=call_id)
            return
        attempt = locked(attempt_id)
        if attempt is None or attempt.state == Attempt.State.ENDED:
            return
        attempt.outcome = "failed"
        attempt.save(update_fields=["outcome"])
        if _means(attempt, attempt.key_pressed) == AGENT:
            _put_on_the_work_list(attempt, at, problem=NOBODY_SPOKE_WITH_THEM)


# What the answer leads to -------------------------------------------------------------------------------


def _judge(attempt: Attempt, at: datetime) -> Verdict:
    number = str(attempt.e164)
    facts = FactBook(attempt.campaign, [number], at, besides=[attempt.pk]).of(number)
    verdict = may_call(facts, at, tables())
    write_receipt(
        facts,
        verdict,
        at,
        occasion="answer",
        campaign=attempt.campaign,
        target_id=attempt.target_id,
        attempt_id=attempt.pk,
    )
    return verdict


def _refuse(attempt: Attempt, verdict: Verdict, at: datetime) -> Told:
    """Who opted out meanwhile hears that it is so, who is the wrong person that we are sorry, anybody else that we try
    again. Nobody hears silence.
    """
    if any(reason.code == WRONG_PERSON for reason in verdict.reasons):
        settle(attempt, WRONG_PERSON, at)
        return _thanks(attempt)
    opted_out = any(reason.gate is Gate.DO_NOT_CALL or reason.code == "consent_revoked" for reason in verdict.reasons)
    if opted_out:
        settle(attempt, OPTED_OUT, at)
        return _say(attempt, phrases.stopped(caller_of(attempt)))
    settle(attempt, "refused", at)
    Target.objects.filter(pk=attempt.target_id).update(disposition="")
    put_off(attempt.campaign, attempt.target_id, verdict)
    return _say(attempt, phrases.another_time(caller_of(attempt)))


def _to_machine(attempt: Attempt, at: datetime) -> Told:
    """After the beep: a message of its own, where there is one. A fax gets nothing.

    Without a beep it may be something that listens and passes the call on: it is heard out before we hang up.
    """
    parts = [] if attempt.answered_by == FAX else call_words.voicemail(attempt)
    certain = attempt.answered_by in (MACHINE, FAX)
    if certain and not parts:
        settle(attempt, attempt.answered_by, at)
        return HANG_UP
    attempt.outcome = "voicemail" if parts else MACHINE
    attempt.save(update_fields=["outcome"])
    if certain:
        return Told(twiml.play_and_hang_up(parts, call_words.language(attempt, voicemail=True)))
    return _gather(attempt, parts or [call_words.for_screening(attempt)], Stage("voicemail"))


def _message(attempt: Attempt, stage: Stage, first: str = "") -> Told:
    """Who calls, the message, and how to answer; a key or a word interrupts. Without a message it is the agent."""
    if attempt.campaign.kind == Campaign.Kind.AGENT:
        return Told(to_agent=True)
    return _gather(attempt, [*([Heard(first)] if first else []), *call_words.message(attempt)], stage)


def _gather(attempt: Attempt, parts: list[Heard], stage: Stage) -> Told:
    action = addresses.keys_url(attempt.campaign.agent_id, attempt.pk, stage)
    wait_s, language = WAIT_S[stage.kind], call_words.language(attempt)
    return Told(twiml.play_and_gather(parts, action, timeout_s=wait_s, language=language))


def _choose(attempt: Attempt, key: str, at: datetime, stage: Stage) -> Told:
    attempt.key_pressed = key[:4]
    attempt.save(update_fields=["key_pressed"])
    means = _means(attempt, key)
    if means == AGENT:
        return Told(to_agent=True)
    if means == OPTED_OUT:
        return _stop(attempt, DoNotCall.Source.KEY, _pressed(attempt, key), at, key=key)
    if not means:
        return _once_more(attempt, stage, at, phrases.no_such_key(caller_of(attempt)))
    settle(attempt, means, at)
    return _thanks(attempt)


def _once_more(attempt: Attempt, stage: Stage, at: datetime, first: str = "") -> Told:
    """The message again, unless they have heard it often enough."""
    if stage.kind != "message":
        return _message(attempt, Stage(), first)
    if stage.times < MOST_TIMES:
        return _message(attempt, stage.next(), first)
    settle(attempt, "not_understood", at)
    return _say(attempt, phrases.goodbye(caller_of(attempt)))


def _means(attempt: Attempt, key: str) -> str:
    means: str = attempt.campaign.keys.get(key, AGENT if key == AGENT_KEY else "")
    return means


def _understand(attempt: Attempt, answer: Answer, at: datetime) -> Told:
    """Act on what is certain; the rest is for a person to read."""
    found = sort(answer.said, answer.heard)
    if found.meaning is Meaning.STOP and found.is_sure:
        evidence = f'Said "{answer.said[:200]}" in call {attempt.carrier_sid}.'
        return _stop(attempt, DoNotCall.Source.VOICE, evidence, at)
    if (machine := who_speaks(answer.said)) and found.meaning in (Meaning.AGAIN, Meaning.OTHER):
        return _bear_with(attempt, machine, answer.stage)
    if attempt.campaign.kind == Campaign.Kind.AGENT:
        return Told(to_agent=True)
    if found.meaning is Meaning.AGAIN:
        return _once_more(attempt, answer.stage, at)
    is_clear = found.is_sure and found.meaning in set(attempt.campaign.keys.values())
    if not (is_clear and found.meaning is Meaning.CONFIRM):
        _put_on_the_work_list(attempt, at, transcript=answer.said, **found.proposal)
    settle(attempt, found.meaning.value if is_clear else "spoken", at)
    return _thanks(attempt)


def _put_on_the_work_list(attempt: Attempt, at: datetime, **fields: Any) -> None:
    known = {"target": attempt.target, "status": Reply.Status.OPEN, "received_at": at}
    reply, is_new = Reply.objects.get_or_create(attempt=attempt, defaults=known | fields)
    if is_new:
        ask_a_model(reply)


def _bear_with(attempt: Attempt, machine: Machine, stage: Stage) -> Told:
    """A machine that passes calls on is told who calls, then waited for; a mailbox is heard to its beep."""
    waits = stage.times if stage.kind in ("screening", "hold", "mailbox") else 0
    if machine is not Machine.MAILBOX:
        attempt.answered_by, attempt.outcome = SCREENING, ""
        attempt.save(update_fields=["answered_by", "outcome"])
    if waits >= MOST_WAITS:
        return _message(attempt, Stage())
    parts = [call_words.for_screening(attempt)] if machine is Machine.SCREENING else []
    return _gather(attempt, parts, Stage(machine.value, waits + 1))


def _heard_nothing(attempt: Attempt, stage: Stage, at: datetime) -> Told:
    """What was said was heard to its end, or nobody was there; and nothing came."""
    match stage.kind:
        case "screening" | "hold":
            return _message(attempt, Stage())
        case "mailbox":  # it has beeped by now
            attempt.answered_by = MACHINE
            attempt.save(update_fields=["answered_by"])
            return _to_machine(attempt, at)
        case "voicemail":
            settle(attempt, attempt.outcome or MACHINE, at)
            return HANG_UP
    if attempt.campaign.kind == Campaign.Kind.AGENT:
        return Told(to_agent=True)
    if attempt.answered_by == SCREENING:
        settle(attempt, SCREENED, at)
        return _say(attempt, phrases.goodbye(caller_of(attempt)))
    return _listened(attempt, at)


def _listened(attempt: Attempt, at: datetime) -> Told:
    """The message was heard, and nothing came."""
    if attempt.campaign.records_reply:
        attempt.outcome = "spoken"  # whoever hangs up now has heard us out
        attempt.save(update_fields=["outcome"])
        url = addresses.recording_url(attempt.campaign.agent_id, attempt.pk)
        how, language = [Heard(phrases.how_to_record(caller_of(attempt)))], call_words.language(attempt)
        return Told(twiml.record_reply(how, url, longest_s=LONGEST_REPLY_S, language=language))
    settle(attempt, "spoken", at)
    return _say(attempt, phrases.goodbye(caller_of(attempt)))


def _stop(attempt: Attempt, source: str, evidence: str, at: datetime, *, key: str = "") -> Told:
    """Effective with this transaction, whatever the attempt came to before."""
    if key:
        attempt.key_pressed = key
        attempt.save(update_fields=["key_pressed"])
    settle(attempt, OPTED_OUT, at)
    opt_out(str(attempt.e164), source, evidence, at)
    return _say(attempt, phrases.stopped(caller_of(attempt)))


def _keep_reply(attempt: Attempt, recording: str, at: datetime) -> None:
    reply, is_new = Reply.objects.get_or_create(
        attempt=attempt, defaults={"target": attempt.target, "recording_sid": recording, "received_at": at}
    )
    if not is_new and not reply.recording_sid:
        reply.recording_sid = recording
        reply.save(update_fields=["recording_sid"])
    if attempt.outcome == HUNG_UP:  # the end of the call was told before the answer that ended it
        Attempt.objects.filter(pk=attempt.pk).update(outcome="spoken")
        Target.objects.filter(pk=attempt.target_id, disposition=HUNG_UP).update(disposition="spoken")
    if not (reply.file or reply.erased_at) and reply.recording_sid == recording:
        enqueue("campaigns.tasks.fetch_reply", current_tenant_id(), reply.pk, key=recording)


def _thanks(attempt: Attempt) -> Told:
    return _say(attempt, phrases.thanks(attempt.outcome, caller_of(attempt)))


def _say(attempt: Attempt, sentence: str) -> Told:
    return Told(twiml.play_and_hang_up([Heard(sentence)], call_words.language(attempt)))


def _pressed(attempt: Attempt, key: str) -> str:
    return f"Pressed {key} in call {attempt.carrier_sid}."
