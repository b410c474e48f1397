"""What is known of one person: the facts, what they agreed to, and every time we were in touch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Q

from calls.memory import services as memory
from calls.memory.models import Memory, Remembering
from calls.models import Call, Turn
from calls.wording import outcome
from campaigns.importing.columns import WORDS, Column
from campaigns.models import Attempt, Consent, Contact, DoNotCall, PlatformDoNotCall
from campaigns.outcomes import ATTEMPTS, words_of


@dataclass(frozen=True, slots=True)
class Touch:
    """A call, or an attempt of a campaign, which may have led to one."""

    at: datetime
    what: str
    words: str
    tone: str
    call: Call | None


class ContactPage:
    """One contact, for its page. Ask for it inside the tenant."""

    def __init__(self, contact: Contact) -> None:
        self.contact, self.number = contact, str(contact.e164)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Names and values; what is not known is left out, except what a call depends on."""
        known = self.contact
        line = {"landline": "Landline", "mobile": "Mobile"}.get(known.line_type, "Not known: counts as mobile")
        pairs = [
            (WORDS[Column.STATE], known.state or "By area code"),
            (WORDS[Column.ZIP_CODE], known.zip_code),
            (WORDS[Column.ZONE], known.zone.rpartition("/")[2].replace("_", " ") or "By state or area code"),
            (WORDS[Column.LANGUAGE], known.language or "As the campaign’s"),
            ("Line", line),
            (WORDS[Column.SIP_ADDRESS], known.sip_address),
            *((name.replace("_", " ").capitalize(), str(value)) for name, value in known.fields.items()),
        ]
        return [(name, value) for name, value in pairs if value]

    @cached_property
    def consents(self) -> list[Consent]:
        return list(Consent.objects.filter(e164=self.number).select_related("created_by"))

    @property
    def has_consent(self) -> bool:
        return any(each.revoked_at is None for each in self.consents)

    @cached_property
    def listings(self) -> list[DoNotCall]:
        """Entries of the own list for this number, those that hold first."""
        entries = DoNotCall.objects.filter(e164=self.number).select_related("created_by")
        return sorted(entries, key=lambda entry: entry.lifted_at is not None)

    @property
    def listed(self) -> DoNotCall | None:
        return next((entry for entry in self.listings if entry.lifted_at is None), None)

    @cached_property
    def on_platform_list(self) -> PlatformDoNotCall | None:
        return PlatformDoNotCall.objects.filter(e164=self.number).first()

    @cached_property
    def remembering(self) -> Remembering | None:
        """What they have said to being remembered."""
        return memory.answer_of(self.number)

    @cached_property
    def memories(self) -> list[Memory]:
        return memory.memories_of(self.number)

    @cached_property
    def touches(self) -> list[Touch]:
        """Newest first."""
        attempts = list(Attempt.objects.filter(e164=self.number).select_related("campaign", "call"))
        by_campaign = {attempt.call_id for attempt in attempts}
        calls = Call.objects.filter(Q(from_number=self.number) | Q(to_number=self.number)).prefetch_related("turns")
        others = [_of_call(call) for call in calls if call.pk not in by_campaign]
        return sorted([*map(_of_attempt, attempts), *others], key=lambda touch: touch.at, reverse=True)


def _of_attempt(attempt: Attempt) -> Touch:
    is_open = attempt.state != Attempt.State.ENDED
    words = attempt.get_state_display() if is_open else words_of(attempt.outcome or "ended")
    tone = "live" if is_open else ATTEMPTS.get(attempt.outcome, ("", "idle"))[1]
    return Touch(attempt.asked_at or attempt.claimed_at, attempt.campaign.name, words, tone, attempt.call)


def _of_call(call: Call) -> Touch:
    turns: list[Turn] = list(call.turns.all())
    result = outcome(call, turns)
    return Touch(call.created_at, f"{call.get_direction_display()} call", result.words, result.tone, call)
