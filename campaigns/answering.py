"""Somebody picked up: what they hear, and what their answer does.

Each function is one transaction around the attempt's row, and safe to repeat: the carrier asks again when it did not
hear us. What it is to do comes back as `Told`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from agentos.errors import DomainError
from agentos.jobs import enqueue
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from campaigns import addresses, phrases
from campaigns.attempts import adopt, locked, of_call
from campaigns.claiming import put_off
from campaigns.clips import business_name, clip_url, language_of, message_for, ready_clip
from campaigns.facts import HUNG_UP, FactBook
from campaigns.jurisdictions import tables
from campaigns.messages import MessageError
from campaigns.models import Attempt, AudioClip, Campaign, ComplianceProfile, DoNotCall, Reply, Target
from campaigns.optout import OPTED_OUT, opt_out
from campaigns.phrases import AGENT, AGENT_KEY, STOP_KEY, Caller
from campaigns.receipts import write_receipt
from campaigns.rules import Gate, Verdict, may_call
from campaigns.settling import advance, settle
from campaigns.sorting import Meaning, sort
from telephony import twiml
from telephony.twiml import Heard

AGENT_PAUSE_S = 1  # for key 9, before the agent takes over
LONGEST_REPLY_S = 60
NOBODY_SPOKE_WITH_THEM = "They asked to speak with somebody, and the agent could not take the call."
MACHINES = frozenset({"machine", "fax"})


@dataclass(frozen=True, slots=True)
class Told:
    """Instructions for the carrier; with `to_agent`, the live agent takes the call instead."""

    text: str = ""
    to_agent: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What was said into the line, and how sure the carrier's ear is of it."""

    said: str = ""
    heard: float = 1.0


HANG_UP = Told(twiml.hang_up())


def pick_up(tenant_id: int, attempt_id: UUID, sid: str, at: datetime) -> Told:
    """Somebody, or something, has answered. The gate is asked again before a word is said."""
    with tenant_transaction(tenant_id):
        adopt(attempt_id, sid)
        attempt = of_call(attempt_id, sid)
        if attempt is None or attempt.state == Attempt.State.ENDED:
            return HANG_UP
        verdict = _judge(attempt, at)
        if not verdict.may_call:
            return _refuse(attempt, verdict, at)
        advance(attempt, "in-progress", at)
        if attempt.answered_by in MACHINES:
            return _to_machine(attempt, at)
        return _message(attempt)


def press(tenant_id: int, attempt_id: UUID, sid: str, key: str, words: Words, at: datetime) -> Told:
    """A key, some words, or neither after the message was heard to its end."""
    with tenant_transaction(tenant_id):
        attempt = of_call(attempt_id, sid)
        if attempt is None:
            return HANG_UP
        if key == STOP_KEY:
            return _stop(attempt, DoNotCall.Source.KEY, _pressed(attempt, key, at), at, key=key)
        if attempt.state == Attempt.State.ENDED:
            return _thanks(attempt) if key and key == attempt.key_pressed else HANG_UP
        if key:
            return _choose(attempt, key, at)
        if attempt.campaign.kind == Campaign.Kind.AGENT or _means(attempt, attempt.key_pressed) == AGENT:
            return Told(to_agent=True)
        if words.said:
            return _understand(attempt, words, at)
        return _listened(attempt, at)


def take_recording(tenant_id: int, attempt_id: UUID, sid: str, recording: str, key: str, at: datetime) -> Told:
    """A spoken answer was recorded. It is fetched later; a key that ended it counts as well."""
    with tenant_transaction(tenant_id):
        attempt = of_call(attempt_id, sid)
        if attempt is None:
            return HANG_UP
        _keep_reply(attempt, recording, at)
        if key == STOP_KEY:
            return _stop(attempt, DoNotCall.Source.KEY, _pressed(attempt, key, at), at, key=key)
        if attempt.state != Attempt.State.ENDED and key in attempt.campaign.keys:
            return _choose(attempt, key, at)
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
    facts = FactBook(attempt.campaign, [number], at, besides=attempt.pk).of(number)
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
    """Who opted out meanwhile hears that it is so; with anybody else the call ends before a word."""
    opted_out = any(reason.gate is Gate.DO_NOT_CALL or reason.code == "consent_revoked" for reason in verdict.reasons)
    if opted_out:
        settle(attempt, OPTED_OUT, at)
        return _say(phrases.stopped(_caller(attempt)))
    settle(attempt, "refused", at)
    attempt.target.status, attempt.target.disposition = Target.Status.WAITING, ""
    put_off(attempt.target, verdict)
    return HANG_UP


def _to_machine(attempt: Attempt, at: datetime) -> Told:
    """After the beep: a message of its own, where there is one. A fax gets nothing."""
    said = None if attempt.answered_by == "fax" else _voicemail(attempt)
    if said is None:
        settle(attempt, attempt.answered_by, at)
        return HANG_UP
    attempt.outcome = "voicemail"
    attempt.save(update_fields=["outcome"])
    parts = [_introduction(attempt), said, _ours(phrases.left_on_machine(_caller(attempt)))]
    return Told(twiml.play_and_hang_up(parts, language_of(attempt.target)))


def _message(attempt: Attempt) -> Told:
    """Who calls, the message, and how to answer; a key or a word interrupts."""
    campaign = attempt.campaign
    if campaign.kind == Campaign.Kind.AGENT:
        parts, action = [_introduction(attempt)], _keys_url(attempt)
        return Told(twiml.play_and_gather(parts, action, timeout_s=AGENT_PAUSE_S, speech=False))
    message = _sentence(attempt)
    parts = [_introduction(attempt), _sound(attempt, message)]
    if offers := phrases.offers(campaign.keys, message):
        parts.append(_ours(offers))
    return Told(twiml.play_and_gather(parts, _keys_url(attempt), language=language_of(attempt.target)))


def _choose(attempt: Attempt, key: str, at: datetime) -> Told:
    attempt.key_pressed = key[:4]
    attempt.save(update_fields=["key_pressed"])
    means = _means(attempt, key)
    if means == AGENT:
        return Told(to_agent=True)
    if means == OPTED_OUT:
        return _stop(attempt, DoNotCall.Source.KEY, _pressed(attempt, key, at), at, key=key)
    if not means:
        return _message(attempt)
    settle(attempt, means, at)
    return _thanks(attempt)


def _means(attempt: Attempt, key: str) -> str:
    means: str = attempt.campaign.keys.get(key, AGENT if key == AGENT_KEY else "")
    return means


def _understand(attempt: Attempt, words: Words, at: datetime) -> Told:
    """Act on what is certain; the rest is for a person to read."""
    found = sort(words.said, words.heard)
    if found.meaning is Meaning.STOP and found.is_sure:
        evidence = f'Said "{words.said[:200]}" in call {attempt.carrier_sid} at {at.isoformat()}.'
        return _stop(attempt, DoNotCall.Source.VOICE, evidence, at)
    if found.meaning is Meaning.AGAIN:
        return _message(attempt)
    is_clear = found.is_sure and found.meaning in set(attempt.campaign.keys.values())
    if not (is_clear and found.meaning is Meaning.CONFIRM):
        _put_on_the_work_list(attempt, at, transcript=words.said, **found.proposal)
    settle(attempt, found.meaning.value if is_clear else "spoken", at)
    return _thanks(attempt)


def _put_on_the_work_list(attempt: Attempt, at: datetime, **fields: Any) -> None:
    known = {"target": attempt.target, "status": Reply.Status.OPEN, "received_at": at}
    Reply.objects.get_or_create(attempt=attempt, defaults=known | fields)


def _listened(attempt: Attempt, at: datetime) -> Told:
    """The message was heard, and nothing came."""
    if attempt.campaign.records_reply:
        attempt.outcome = "spoken"  # whoever hangs up now has heard us out
        attempt.save(update_fields=["outcome"])
        recording = addresses.recording_url(attempt.campaign.agent_id, attempt.pk)
        return Told(twiml.record_reply([_ours(phrases.how_to_record())], recording, longest_s=LONGEST_REPLY_S))
    settle(attempt, "spoken", at)
    return _say(phrases.goodbye(_caller(attempt)))


def _stop(attempt: Attempt, source: str, evidence: str, at: datetime, *, key: str = "") -> Told:
    """Effective with this transaction, whatever the attempt came to before."""
    if key:
        attempt.key_pressed = key
        attempt.save(update_fields=["key_pressed"])
    settle(attempt, OPTED_OUT, at)
    opt_out(str(attempt.e164), source, evidence, at)
    return _say(phrases.stopped(_caller(attempt)))


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
    if not reply.file and reply.recording_sid == recording:
        enqueue("campaigns.tasks.fetch_reply", current_tenant_id(), reply.pk, key=recording)


def _thanks(attempt: Attempt) -> Told:
    return _say(phrases.thanks(attempt.outcome, _caller(attempt)))


# Words ----------------------------------------------------------------------------------------------------


def _say(sentence: str) -> Told:
    return Told(twiml.play_and_hang_up([_ours(sentence)]))


def _ours(sentence: str) -> Heard:
    """A sentence that is not the message's, in its own language whatever that one is in."""
    return Heard(sentence, language=phrases.LANGUAGE)


def _introduction(attempt: Attempt) -> Heard:
    return _ours(phrases.identification(_caller(attempt)))


def _pressed(attempt: Attempt, key: str, at: datetime) -> str:
    return f"Pressed {key} in call {attempt.carrier_sid} at {at.isoformat()}."


def _sentence(attempt: Attempt) -> str:
    try:
        return message_for(attempt.target, business_name()).text
    except MessageError:  # a value has gone since the message was made
        clip = attempt.target.clip
        return clip.text if clip else phrases.unsaid(_caller(attempt))


def _sound(attempt: Attempt, message: str) -> Heard:
    """The clip that was made for this person; the carrier's own voice where it is not ready, or says something else."""
    clip = attempt.target.clip
    if clip is not None and clip.status == AudioClip.Status.READY and clip.text == message:
        return Heard(url=clip_url(clip))
    return Heard(message)


def _voicemail(attempt: Attempt) -> Heard | None:
    """What is left on a machine, if anything."""
    if not attempt.campaign.voicemail:
        return None
    try:
        message = message_for(attempt.target, business_name(), voicemail=True).text
    except MessageError:
        return Heard(phrases.unsaid(_caller(attempt)))
    try:
        clip = ready_clip(attempt.target, voicemail=True)
    except DomainError:  # the agent was taken back, and its voice with it
        clip = None
    return Heard(url=clip_url(clip)) if clip else Heard(message)


def _caller(attempt: Attempt) -> Caller:
    profile = ComplianceProfile.objects.first() or ComplianceProfile()
    number = attempt.campaign.number
    return Caller(business_name(), profile.callback_number or (str(number.e164) if number else ""))


def _keys_url(attempt: Attempt) -> str:
    return addresses.keys_url(attempt.campaign.agent_id, attempt.pk)
