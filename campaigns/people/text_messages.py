"""Text messages from the people whom we call: who writes STOP is not called again, from the next dial on.

The words are those of 47 CFR 64.1200(a)(10) and their opposites. Nobody reads these messages, so a sentence that may
mean "stop" counts as one. A message that is told twice counts once, and gets one answer at most.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from uuid import UUID

from django.conf import settings

from agentos.errors import DomainError
from agentos.tenants.models import PublicRoute
from agentos.tenants.scoping import tenant_transaction
from campaigns.answers.sorting import Meaning, sort
from campaigns.audio.clips import business_name
from campaigns.models import ComplianceProfile, Consent, DoNotCall
from campaigns.people import contacts, optout
from telephony import twiml
from telephony.event_writer import ArrivedEvent, EventWriter
from telephony.services import record_carrier_event

MESSAGE = "message"  # the kind of event
STOP_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "unsub", "cancel", "end", "quit", "revoke", "optout", "arret", "fin"}
)
STOP_SIGNS = frozenset("🛑⛔🚫✋")
LOOK_ALIKES = str.maketrans("ѕтороρτс", "stopoptc")
START_WORDS = frozenset({"start", "unstop"})
HELP_WORDS = frozenset({"help", "info"})
MOST_QUOTED = 300


class Wish(StrEnum):
    """What somebody wants who writes to us."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    OTHER = "other"


def read(body: str, carrier_read: str = "") -> Wish:
    """What a message asks for. Case, spaces, marks, accents, and letters that look like others do not matter.

    `carrier_read` is what the carrier took it for, where it looks for these words itself.
    """
    plain = unicodedata.normalize("NFKC", body).casefold()
    word = re.sub(r"[^a-z0-9]+", "", unicodedata.normalize("NFKD", plain.translate(LOOK_ALIKES)))
    is_sign = not any(map(str.isalnum, plain)) and not STOP_SIGNS.isdisjoint(plain)
    if word in STOP_WORDS or is_sign or carrier_read == "STOP":
        return Wish.STOP
    if word in START_WORDS or carrier_read == "START":
        return Wish.START
    if word in HELP_WORDS or carrier_read == "HELP":
        return Wish.HELP
    return Wish.STOP if sort(plain).meaning is Meaning.STOP else Wish.OTHER


def receive(tenant_id: int, agent_id: UUID, fields: Mapping[str, str], at: datetime) -> str:
    """Keep a message, do what it asks for, and return the instructions for the carrier: one sentence, or nothing."""
    sid, body = fields["MessageSid"], fields.get("Body", "")
    with tenant_transaction(tenant_id):
        is_new = record_carrier_event(
            tenant_id,
            agent_id=agent_id,
            call_sid=sid,
            kind=MESSAGE,
            key=f"{MESSAGE}:{sid}",
            payload=dict(fields),
            received_at=at,
        )
        number = _number(fields.get("From", ""))
        if not is_new or not number:
            return twiml.reply_by_text("")
        told = f"Text message “{body[:MOST_QUOTED]}” to {fields.get('To', '')}, {sid}"
        answer = _act(read(body, fields.get("OptOutType", "")), number, told, at)
        is_answered = bool(fields.get("OptOutType"))  # the carrier has answered by itself
        return twiml.reply_by_text("" if is_answered else answer)


def _act(wish: Wish, number: str, told: str, at: datetime) -> str:
    """Do it, and say what was done: nothing is sold here."""
    is_listed = DoNotCall.objects.filter(e164=number, lifted_at=None).exists()
    match wish:
        case Wish.STOP:
            optout.opt_out(number, DoNotCall.Source.SMS, told, at)
            return "" if is_listed else f"{business_name()} will not call you again. This is our only message about it."
        case Wish.START if is_listed:
            contacts.give_consent(number, tier=Consent.Tier.EXPRESS, source="Text message", given_at=at, evidence=told)
            return f"{business_name()} may call you again. Reply STOP to end automated calls."
        case Wish.HELP:
            profile = ComplianceProfile.objects.first()
            reach = f" To speak with us, call {profile.callback_number}." if profile and profile.callback_number else ""
            return f"{business_name()} calls this number automatically.{reach} Reply STOP to end these calls."
    return ""


def _number(text: str) -> str:
    """The sender in E.164; a short code or a name is nobody whom we could call."""
    try:
        return contacts.normalized(text)
    except DomainError:
        return ""


# While the database is away ---------------------------------------------------------------------------------


def waiting_messages() -> EventWriter:
    """Keeps messages on this host until they could be stored and acted upon: a STOP is never lost."""
    return _writer(Path(settings.SPOOL_DIR) / "text-messages")


@cache
def _writer(folder: Path) -> EventWriter:
    return EventWriter(folder, take)


def take(event: ArrivedEvent) -> None:
    """Receive what was kept."""
    route = PublicRoute.objects.filter(pk=event.agent_id).first()
    if route is not None:
        receive(route.tenant_id, event.agent_id, event.payload, event.received_at)
