"""May this person be called now? Asked when a call is planned, when it is dialled, and again when it is answered.

Pure: facts and a moment go in, a verdict with every reason comes out, and the same facts give the same verdict for
ever; a dial receipt stores both. What is not known is never taken for a yes. Sources are named beside each rule; the
rules are research notes in code, not legal advice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from campaigns.places import Gazetteer, Place, place
from campaigns.windows import Law, Opinion, WeekHours, next_opening, opinions

RULES_VERSION = "2026-11-21b"
WRONG_NUMBER = "wrong"  # the source of an entry for a number that turned out to be somebody else's
DEFAULT_CAP = 3  # attempts in 24 hours, where no state says less
REGISTRY_FRESH = timedelta(days=31)  # 47 CFR 64.1200(c)(2)(i)
REASSIGNED_FRESH = timedelta(days=30)
DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=30)
DEBT_CAP = 7  # in seven days: 12 CFR 1006.14(b)

# Recorded or synthesized sales calls are barred, or nearly: RCW 80.36.400, Wyo. 40-12-303, 201 CMR 12.02(4),
# Miss. 77-3-723, NMSA 57-12-22(A), A.R.S. 44-1278(B)(3), N.J.S.A. 56:8-130.
NO_AUTOMATED_SALES = frozenset({"WA", "WY", "MA", "MS", "NM", "AZ", "NJ"})
# A permit or registration comes before the first sales call.
REGISTRATION_FIRST = frozenset({"TX", "GA", "NJ", "MS", "RI", "UT", "WA", "OH", "CO", "DC", "ID", "AK", "VT"})


class Purpose(StrEnum):
    """Why people are called. A line that sells makes any call a sales call."""

    INFORMATIONAL = "informational"
    HEALTHCARE = "healthcare"
    TELEMARKETING = "telemarketing"
    DEBT = "debt"


class Tier(StrEnum):
    """How somebody agreed: by giving the number for this purpose, or in writing to automated sales calls."""

    EXPRESS = "express"
    WRITTEN = "written"


class Exemption(StrEnum):
    """Calls to a residential landline that need no consent, and few of them: 47 CFR 64.1200(a)(3)."""

    NONE = ""
    INFORMATIONAL = "exempt_informational"
    HEALTH = "exempt_health"


class Answer(StrEnum):
    """What the gate says. HOLD waits for somebody to find out more; REJECT is for ever."""

    ALLOW = "allow"
    DENY = "deny"
    HOLD = "hold"
    REJECT = "reject"


class Gate(StrEnum):
    """The questions, in the order in which they are asked."""

    NUMBER = "number"
    DO_NOT_CALL = "do_not_call"
    CONSENT = "consent"
    CLOCK = "clock"
    LAW = "law"
    WINDOW = "window"
    ATTEMPTS = "attempts"


@dataclass(frozen=True, slots=True)
class Consent:
    """The record that covers this number for this purpose."""

    id: str
    tier: Tier
    number: str
    given_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """An entry on a do-not-call list that always counts: the tenant's own or the platform's."""

    list: str
    since: datetime
    source: str = ""


@dataclass(frozen=True, slots=True)
class Registry:
    """A copy of a national or state registry for this area code. It counts for sales calls."""

    name: str
    loaded_at: datetime
    version: str
    is_listed: bool


@dataclass(frozen=True, slots=True)
class Reassigned:
    """What the Reassigned Numbers Database answered, for the date of the consent: yes, no, or no_data."""

    answer: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the gate looks at. A receipt stores it; replaying it gives the same verdict."""

    number: str
    purpose: Purpose = Purpose.INFORMATIONAL
    zone: str = ""
    state: str = ""
    zip_code: str = ""
    countries: frozenset[str] = frozenset({"US"})
    consent: Consent | None = None
    exemption: Exemption = Exemption.NONE
    sip_address: str = ""  # rung in place of the number
    line_type: str = ""  # landline, mobile, or unknown, which counts as mobile
    listings: tuple[Listing, ...] = ()
    registries: tuple[Registry, ...] = ()
    reassigned: Reassigned | None = None
    attempts: tuple[datetime, ...] = ()  # earlier ones to this number by this seller on this subject, of 30 days
    attempts_of_seller: tuple[datetime, ...] = ()  # on any subject
    hung_up_on_us: bool = False  # the person ended an earlier automated call
    is_customer: bool = False
    relaxed: bool = False  # the wider hours of informational calls, which need a legal sign-off
    signed_off: bool = False
    own_hours: WeekHours | None = None
    emergencies: tuple[tuple[str, datetime], ...] = ()  # states in which calls stop, and until when
    overrides: frozenset[str] = frozenset()  # states in which automated sales calls were cleared by counsel
    registrations: frozenset[str] = frozenset()
    daily_cap: int = DEFAULT_CAP


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not. `until` is when this reason ends by itself; None: not by waiting."""

    gate: Gate
    code: str
    words: str
    answer: Answer = Answer.DENY
    citation: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, every reason against it, and what was looked at."""

    answer: Answer
    reasons: tuple[Reason, ...]
    place: Place
    opinions: tuple[Opinion, ...]
    next_at: datetime | None
    versions: dict[str, str] = field(hash=False)

    @property
    def may_call(self) -> bool:
        return self.answer is Answer.ALLOW


@dataclass(frozen=True, slots=True)
class Tables:
    """The dated tables that the gate reads."""

    gazetteer: Gazetteer
    law: Law

    @property
    def versions(self) -> dict[str, str]:
        return {"rules": RULES_VERSION, "areas": self.gazetteer.version, "law": self.law.version}


def may_call(facts: Facts, at: datetime, tables: Tables) -> Verdict:
    """Judge a call at this moment, which must know its time zone. Never raises for what the facts say."""
    found = where(facts, tables)
    said = [] if found.refusal else _opinions(facts, found, at, tables)
    reasons = [
        *_about_number(found),
        *_about_lists(facts, at, found),
        *_about_consent(facts, at, found),
        *_about_clock(facts, found),
        *_about_law(facts, at, found, said),
        *_about_window(facts, at, found, said, tables),
        *_about_attempts(facts, at, found, said, tables),
    ]
    answer = max((reason.answer for reason in reasons), key=list(Answer).index, default=Answer.ALLOW)
    next_at = _next_at(facts, at, found, reasons, tables)
    return Verdict(answer, tuple(reasons), found, tuple(said), next_at, tables.versions)


def where(facts: Facts, tables: Tables) -> Place:
    """The clocks and the states that count for these facts."""
    return place(
        facts.number,
        gazetteer=tables.gazetteer,
        zone=facts.zone,
        state=facts.state,
        zip_code=facts.zip_code,
        countries=facts.countries,
    )


# The gates ---------------------------------------------------------------------------------------------


def _about_number(found: Place) -> Iterator[Reason]:
    if found.refusal and found.refusal.for_ever:
        yield Reason(Gate.NUMBER, found.refusal.code, found.refusal.words, Answer.REJECT)


def _about_lists(facts: Facts, at: datetime, found: Place) -> Iterator[Reason]:
    for listing in facts.listings:
        if listing.since <= at and listing.source == WRONG_NUMBER:
            words = f"Somebody else answered this number on {listing.since:%b %-d, %Y}: the consent is not theirs."
            yield Reason(Gate.CONSENT, "wrong_person", words, citation="47 CFR 64.1200(a)(1)(iii)")
        elif listing.since <= at:
            whose = "your own" if listing.list == "own" else f"the {listing.list}"
            words = f"On {whose} do-not-call list since {listing.since:%b %-d, %Y}."
            yield Reason(Gate.DO_NOT_CALL, "do_not_call", words, citation="47 CFR 64.1200(d)")
    if facts.purpose is not Purpose.TELEMARKETING:
        return
    if not facts.registries:
        words = f"No do-not-call registry file is loaded for area code {found.area_code or 'unknown'}."
        yield Reason(Gate.DO_NOT_CALL, "dnc_missing", words, citation="47 CFR 64.1200(c)(2)")
    for registry in facts.registries:
        if at - registry.loaded_at > REGISTRY_FRESH:
            words = f"The {registry.name} registry file is older than 31 days."
            yield Reason(Gate.DO_NOT_CALL, "dnc_stale", words, citation="47 CFR 64.1200(c)(2)(i)")
        if registry.is_listed:
            words = f"On the {registry.name} do-not-call registry."
            yield Reason(Gate.DO_NOT_CALL, "dnc_registry", words, citation="47 CFR 64.1200(c)(2)")


def _about_consent(facts: Facts, at: datetime, found: Place) -> Iterator[Reason]:
    consent, sells = facts.consent, facts.purpose is Purpose.TELEMARKETING
    if _is_exempt(facts):
        return
    covered = consent is not None and consent.number == facts.number and consent.given_at <= at
    if not covered or consent is None:
        words = "No record that this person agreed to automated calls."
        yield Reason(Gate.CONSENT, "no_consent", words, citation="47 CFR 64.1200(a)(1)(iii)")
    elif consent.revoked_at is not None and consent.revoked_at <= at:
        words = f"Consent was withdrawn on {consent.revoked_at:%b %-d, %Y}."
        yield Reason(Gate.CONSENT, "consent_revoked", words, citation="47 CFR 64.1200(a)(10)")
    elif sells and consent.tier is not Tier.WRITTEN:
        words = "Sales calls need consent in writing."
        yield Reason(Gate.CONSENT, "needs_written_consent", words, citation="47 CFR 64.1200(a)(2)")
    yield from _about_reassignment(facts, at, found)


def _is_exempt(facts: Facts) -> bool:
    return (
        facts.exemption is not Exemption.NONE
        and facts.line_type == "landline"
        and facts.purpose
        in {
            Purpose.INFORMATIONAL,
            Purpose.HEALTHCARE,
        }
    )


def _about_reassignment(facts: Facts, at: datetime, found: Place) -> Iterator[Reason]:
    known = facts.reassigned
    is_fresh = known is not None and at - known.asked_at <= REASSIGNED_FRESH
    if known is not None and known.answer == "yes":
        words = "The number was given up by its owner after the consent."
        yield Reason(Gate.CONSENT, "reassigned", words, citation="47 CFR 64.1200(m)")
    elif "ME" in found.states and not (is_fresh and known is not None and known.answer == "no"):
        words = "Maine asks for a fresh look into the Reassigned Numbers Database first."
        yield Reason(Gate.CONSENT, "reassigned_unchecked", words, citation="10 M.R.S. 1499-B")


def _about_clock(facts: Facts, found: Place) -> Iterator[Reason]:
    if found.refusal and not found.refusal.for_ever:
        yield Reason(Gate.CLOCK, found.refusal.code, found.refusal.words, Answer.HOLD)
    elif facts.sip_address and not facts.zone:
        words = "A SIP address does not say where the person is. Enter their time zone."
        yield Reason(Gate.CLOCK, "sip_without_zone", words, Answer.HOLD)


def _about_law(facts: Facts, at: datetime, found: Place, said: list[Opinion]) -> Iterator[Reason]:
    seen = set()
    for opinion in said:
        if opinion.is_hold and opinion.words not in seen:
            seen.add(opinion.words)
            yield Reason(Gate.LAW, opinion.why, opinion.words, Answer.HOLD)
    for state, until in facts.emergencies:
        if state in found.states and at < until:
            words = f"Calls to {state} are stopped while an emergency is declared there."
            yield Reason(Gate.LAW, "emergency", words, until=until)
    if facts.relaxed and not (facts.signed_off and facts.purpose is not Purpose.TELEMARKETING):
        words = "The wider hours need a legal sign-off, and are not for sales calls."
        yield Reason(Gate.LAW, "not_signed_off", words, Answer.HOLD)
    if facts.purpose is Purpose.TELEMARKETING:
        for state in sorted(found.states & NO_AUTOMATED_SALES - facts.overrides):
            yield Reason(Gate.LAW, "sales_barred", f"{state} bars automated sales calls.")
        for state in sorted(found.states & REGISTRATION_FIRST - facts.registrations):
            words = f"{state} asks for a registration before the first sales call."
            yield Reason(Gate.LAW, "not_registered", words)
    if "NV" in found.states and facts.hung_up_on_us and not facts.is_customer:
        words = "In Nevada nobody who ended an automated call is called again by one."
        yield Reason(Gate.LAW, "ended_first_call", words, citation="NRS 597.814(2)(b)")


def _about_window(facts: Facts, at: datetime, found: Place, said: list[Opinion], tables: Tables) -> Iterator[Reason]:
    against = [opinion for opinion in said if opinion.why and not opinion.is_hold]
    if not against:
        return
    opens = next_opening(found, at, tables.law, relaxed=facts.relaxed, hours=facts.own_hours)
    seen = set()
    for opinion in against:
        if opinion.words not in seen:
            seen.add(opinion.words)
            yield Reason(Gate.WINDOW, opinion.why, opinion.words, citation=opinion.citation, until=opens)


def _about_attempts(facts: Facts, at: datetime, found: Place, said: list[Opinion], tables: Tables) -> Iterator[Reason]:
    caps = [(facts.daily_cap, DAY, facts.attempts, "attempts_in_a_day", "")]
    rows = [row for opinion in said if (row := tables.law.row(opinion.state, opinion.local.date()))]
    caps += [
        (row.most_per_day, DAY, facts.attempts, "attempts_in_a_day", row.citation) for row in rows if row.most_per_day
    ]
    if facts.purpose is Purpose.DEBT:
        caps.append((DEBT_CAP, WEEK, facts.attempts, "attempts_in_a_week", "12 CFR 1006.14(b)"))
    if _is_exempt(facts):
        exempt = "47 CFR 64.1200(a)(3)"
        if facts.exemption is Exemption.HEALTH:
            caps.append((1, DAY, facts.attempts_of_seller, "exempt_in_a_day", exempt))
            caps.append((3, WEEK, facts.attempts_of_seller, "exempt_in_a_week", exempt))
        else:
            caps.append((3, MONTH, facts.attempts_of_seller, "exempt_in_a_month", exempt))
    strictest: dict[str, Reason] = {}
    for most, span, attempts, code, citation in sorted(caps, key=lambda cap: cap[0]):
        recent = sorted(moment for moment in attempts if at - span < moment <= at)
        if len(recent) >= most and code not in strictest:
            words = f"Called {len(recent)} times in {_spoken(span)}; {most} {'is' if most == 1 else 'are'} allowed."
            until = recent[-most] + span
            strictest[code] = Reason(Gate.ATTEMPTS, code, words, citation=citation, until=until)
    yield from strictest.values()


def _spoken(span: timedelta) -> str:
    return {DAY: "24 hours", WEEK: "7 days", MONTH: "30 days"}[span]


# When next ---------------------------------------------------------------------------------------------


def _opinions(facts: Facts, found: Place, at: datetime, tables: Tables) -> list[Opinion]:
    return opinions(found, at, tables.law, relaxed=facts.relaxed, hours=facts.own_hours)


def _next_at(facts: Facts, at: datetime, found: Place, reasons: list[Reason], tables: Tables) -> datetime | None:
    """When every reason will have ended by itself and the window is open; None when waiting does not help."""
    if any(reason.until is None for reason in reasons):
        return None
    after = max((reason.until for reason in reasons if reason.until), default=at)
    return next_opening(found, after, tables.law, relaxed=facts.relaxed, hours=facts.own_hours)
