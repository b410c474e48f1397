"""A campaign before it begins: the same gate, the same pace and the same retries, on a clock that is only simulated.

Nobody is called and nothing is written. The same campaign, moment, assumptions and seed give the same plan.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import current_tenant_id
from campaigns.calling.asking import RING_S
from campaigns.calling.claiming import ATTEMPT_CENTS
from campaigns.calling.settling import retry_after
from campaigns.facts import NUMBER, FactBook
from campaigns.jurisdictions import tables
from campaigns.models import Attempt, Campaign, ComplianceProfile, Target
from campaigns.openings import Openings, Stretch
from campaigns.places import Place
from campaigns.planning.left_out import NotAsked, without_asking
from campaigns.rules import Facts, Gate, Reason, may_call, where
from telephony.prices import call_cents

USUAL_PICK_UP = 0.38  # where a business has not called enough people to know its own
ENOUGH_ATTEMPTS = 50
REMEMBERED = timedelta(days=30)
SWAY = 0.08  # how far the pick-up rate is moved for the early and the late end
LONGEST = timedelta(days=60)
AT_A_TIME = 2000  # numbers whose facts are gathered together

# Left out by the message, which lacks a value for them, and not by the gate.
UNTOLD = Q(status=Target.Status.LEFT_OUT, disposition="")

MACHINE, PICKED_UP = "machine", "spoken"
# What becomes of calls that nobody picks up, of 100.
UNANSWERED = ((MACHINE, 50), ("no_answer", 38), ("busy", 10), ("failed", 2))
LINE_S = {MACHINE: 45, "no_answer": RING_S, "busy": 4, "failed": 2}
TALK_S = {Campaign.Kind.MESSAGE: (25, 60), Campaign.Kind.AGENT: (50, 180)}


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a plan cannot know. `pick_up` is the share of calls that a person answers."""

    pick_up: float = USUAL_PICK_UP
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Planned:
    """One person in the plan: the first call in their own time, or why there is none."""

    number: str
    name: str
    first_at: datetime | None = None  # in the zone of the person
    calls: int = 0
    outcome: str = ""
    gate: str = ""
    code: str = ""
    words: str = ""

    @property
    def is_left_out(self) -> bool:
        return self.first_at is None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A reason, and how many people it keeps out."""

    gate: str
    code: str
    words: str
    people: int


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of the plan: calls that begin in it, and the most lines in use at once."""

    at: datetime
    calls: int
    lines: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen. `early`, `late`, `least_cents` and `most_cents` come from more and fewer people picking up."""

    people: tuple[Planned, ...]
    hours: tuple[Hour, ...]
    lines: int
    calls: int
    cents: int
    begins: datetime | None
    finish: datetime | None
    early: datetime | None = None
    late: datetime | None = None
    least_cents: int = 0
    most_cents: int = 0
    assumptions: Assumptions = Assumptions()

    @property
    def called(self) -> int:
        return sum(not each.is_left_out for each in self.people)

    @property
    def reached(self) -> int:
        return sum(each.outcome == PICKED_UP for each in self.people)

    @property
    def left_out(self) -> int:
        return len(self.people) - self.called

    @property
    def exclusions(self) -> list[Exclusion]:
        """Grouped by gate and code, the largest first; the words are those of the most common case."""
        words: dict[tuple[str, str], Counter[str]] = {}
        for each in self.people:
            if each.is_left_out:
                words.setdefault((each.gate, each.code), Counter())[each.words] += 1
        found = [Exclusion(gate, code, said.most_common(1)[0][0], said.total()) for (gate, code), said in words.items()]
        return sorted(found, key=lambda each: (-each.people, each.gate, each.code))


def plan(
    campaign: Campaign, at: datetime, assumptions: Assumptions | None = None, *, from_the_start: bool = False
) -> Plan:
    """The plan of a campaign that would start at this moment, or at its own start where that is later.

    `from_the_start` plans everybody who can be told the message, as if nobody had been called by it yet.
    """
    assumed = assumptions or Assumptions(pick_up=usual_pick_up(at))
    begins = max(at, campaign.starts_at or at)
    aside = [] if from_the_start else list(without_asking(campaign))
    cast = list(_cast(campaign, begins, from_the_start, {each.target.pk for each in aside}))
    openings, attempt = Openings(tables().law), Attempt(campaign=campaign)
    allowed: set[tuple[int, Stretch | None]] = set()
    runs = [
        _Run(campaign, cast, begins, openings, replace(assumed, pick_up=rate), allowed, attempt).play()
        for rate in (assumed.pick_up, min(0.95, assumed.pick_up + SWAY), max(0.05, assumed.pick_up - SWAY))
    ]
    likely, cents = runs[0], [run.cents for run in runs]
    ends = [run.finish for run in runs if run.finish is not None]
    return replace(
        likely,
        people=(*likely.people, *map(_left_out, aside)),
        early=min(ends, default=None),
        late=max(ends, default=None),
        least_cents=min(cents),
        most_cents=max(cents),
        assumptions=assumed,
    )


def _left_out(found: NotAsked) -> Planned:
    target, name = found.target, found.target.contact.name if found.target.contact else ""
    return Planned(str(target.e164), name, gate=found.gate, code=found.code, words=found.words)


def usual_pick_up(at: datetime) -> float:
    """The share of this business's calls of the last month that somebody picked up."""
    real = Attempt.objects.filter(campaign__is_test=False)
    asked = real.filter(asked_at__gt=at - REMEMBERED, state=Attempt.State.ENDED)
    total = asked.count()
    if total < ENOUGH_ATTEMPTS:
        return USUAL_PICK_UP
    by_people = asked.filter(Q(answered_by="human") | Q(answered_by="", answered_at__isnull=False)).count()
    rate: float = round(by_people / total, 2)
    return min(0.95, max(0.05, rate))


def lines_for(campaign: Campaign) -> int:
    """How many calls the campaign may have at once, with the lines that stay free for people who call in."""
    tenant = Tenant.objects.get(pk=current_tenant_id())
    profile = ComplianceProfile.objects.first() or ComplianceProfile()
    return max(0, min(campaign.at_once, tenant.max_concurrent_calls - profile.inbound_reserve))


@dataclass(slots=True)
class _Person:
    """Somebody who waits to be called."""

    number: str
    name: str
    facts: Facts
    place: Place
    due_at: datetime
    attempts_made: int


def _cast(campaign: Campaign, at: datetime, from_the_start: bool, aside: Collection[int]) -> Iterator[_Person]:
    targets = campaign.targets.order_by("due_at", "pk").exclude(UNTOLD)
    if not from_the_start:
        targets = targets.filter(status=Target.Status.WAITING)
    known = targets.values_list("pk", NUMBER, "contact__name", "due_at", "attempts_made")
    rows = [row for pk, *row in known if pk not in aside]
    for begin in range(0, len(rows), AT_A_TIME):
        part = rows[begin : begin + AT_A_TIME]
        book = FactBook(campaign, [number for number, *_ in part], at)
        for number, name, due_at, made in part:
            facts = book.of(number)
            begins, made = (at, 0) if from_the_start else (max(at, due_at), made)
            yield _Person(number, name or "", facts, where(facts, tables()), begins, made)


@dataclass(slots=True)
class _Course:
    """How one person fares in a run."""

    facts: Facts
    calls: int = 0
    first_at: datetime | None = None
    outcome: str = ""


@dataclass(slots=True)
class _Run:
    """One pass over the simulated clock."""

    campaign: Campaign
    cast: Sequence[_Person]
    begins: datetime
    openings: Openings
    assumed: Assumptions
    allowed: set[tuple[int, Stretch | None]]  # first calls that the gate has allowed, in any run
    attempt: Attempt  # stands for each attempt when it is asked whether another one follows
    waiting: list[tuple[datetime, int]] = field(default_factory=list)
    free_at: list[datetime] = field(default_factory=list)
    people: dict[int, Planned] = field(default_factory=dict)
    courses: list[_Course] = field(default_factory=list)
    closed: dict[Place, Reason] = field(default_factory=dict)  # places whose window does not open at all
    calls: Counter[datetime] = field(default_factory=Counter)
    lines: dict[datetime, int] = field(default_factory=dict)
    cents: float = 0.0
    finish: datetime | None = None

    def play(self) -> Plan:
        """Call everybody who may be called, in the order in which they are due."""
        self.courses = [_Course(person.facts) for person in self.cast]
        self.waiting = [(person.due_at, index) for index, person in enumerate(self.cast)]
        heapq.heapify(self.waiting)
        lines = lines_for(self.campaign)
        self.free_at = [self.begins] * lines
        until = min(self.campaign.ends_at or self.begins + LONGEST, self.begins + LONGEST)
        next_start, apart = self.begins, _apart(self.campaign.calls_per_second)
        while self.waiting:
            due_at, index = heapq.heappop(self.waiting)
            if not lines:
                self._leave_out(index, "pace", "no_lines", "No line is left for campaigns.")
                continue
            at = max(due_at, self.free_at[0], next_start)
            if at >= until:
                self._leave_out(index, "schedule", "too_late", "The campaign ends before their turn comes.")
            elif self._is_spent():
                self._leave_out(index, "budget", "budget", "The budget is used up before their turn comes.")
            elif self._may_begin(index, at):
                self._call(index, at)
                next_start = at + apart
        return self._plan(lines)

    def _may_begin(self, index: int, at: datetime) -> bool:
        """Ask the gate. Windows are asked beforehand, since most of the night is spent waiting for one to open."""
        course = self.courses[index]
        place = self.cast[index].place
        stretch = self.openings.next(place, at, relaxed=course.facts.relaxed, hours=course.facts.own_hours)
        if stretch is not None and stretch.opens > at:
            heapq.heappush(self.waiting, (stretch.opens, index))
            return False
        if stretch is None and place in self.closed:
            reason = self.closed[place]
            self._leave_out(index, reason.gate.value, reason.code, reason.words)
            return False
        first = (index, stretch) if not course.calls else None
        if first is not None and first in self.allowed:
            return True
        verdict = may_call(course.facts, at, tables())
        if verdict.may_call:
            if first is not None:
                self.allowed.add(first)
            return True
        if verdict.next_at is not None and verdict.next_at > at:
            heapq.heappush(self.waiting, (verdict.next_at, index))
            return False
        reason = verdict.reasons[0]
        if stretch is None and reason.gate in (Gate.LAW, Gate.WINDOW):
            self.closed[place] = reason
        self._leave_out(index, reason.gate.value, reason.code, reason.words)
        return False

    def _call(self, index: int, at: datetime) -> None:
        person, course = self.cast[index], self.courses[index]
        number = person.attempts_made + course.calls + 1
        outcome, seconds = self._fate(person.number, number)
        ends = at + timedelta(seconds=seconds)
        heapq.heapreplace(self.free_at, ends)
        hour = at.replace(minute=0, second=0, microsecond=0)
        self.calls[hour] += 1
        self.lines[hour] = max(self.lines.get(hour, 0), sum(free > at for free in self.free_at))
        if outcome in (PICKED_UP, MACHINE):
            talks = self.campaign.kind == Campaign.Kind.AGENT and outcome == PICKED_UP
            self.cents += float(call_cents(seconds - RING_S / 2, at.date(), talks=talks))
        self.finish = max(ends, self.finish or ends)
        course.calls += 1
        course.outcome = outcome
        course.first_at = course.first_at or at
        tried = (*course.facts.attempts, at)
        course.facts = replace(course.facts, attempts=tried, attempts_of_seller=tried)
        self.attempt.number = number
        is_left = outcome == MACHINE and self.campaign.voicemail
        pause = retry_after(self.attempt, "voicemail" if is_left else outcome)
        if pause is not None:
            heapq.heappush(self.waiting, (ends + pause, index))

    def _fate(self, number: str, attempt: int) -> tuple[str, float]:
        """What becomes of a call, and for how long it holds a line; drawn for the person, whatever their turn."""
        draw = random.Random(f"{self.assumed.seed}:{number}:{attempt}")
        if draw.random() < self.assumed.pick_up:
            return PICKED_UP, draw.uniform(*TALK_S[Campaign.Kind(self.campaign.kind)]) + RING_S / 2
        outcome = draw.choices([name for name, _ in UNANSWERED], [share for _, share in UNANSWERED])[0]
        return outcome, LINE_S[outcome]

    def _leave_out(self, index: int, gate: str, code: str, words: str) -> None:
        """Not called, or not called again: who has been tried once stays among the called."""
        if self.courses[index].first_at is None:
            person = self.cast[index]
            self.people[index] = Planned(person.number, person.name, gate=gate, code=code, words=words)

    def _is_spent(self) -> bool:
        budget = self.campaign.budget_cents
        return budget is not None and self.cents + ATTEMPT_CENTS > budget

    def _plan(self, lines: int) -> Plan:
        firsts = [course.first_at for course in self.courses if course.first_at is not None]
        return Plan(
            people=tuple(self.people.get(index) or self._told(index) for index in range(len(self.cast))),
            hours=tuple(Hour(hour, self.calls[hour], self.lines[hour]) for hour in sorted(self.calls)),
            lines=lines,
            calls=self.calls.total(),
            cents=round(self.cents),
            begins=min(firsts, default=None),
            finish=self.finish,
        )

    def _told(self, index: int) -> Planned:
        person, course = self.cast[index], self.courses[index]
        zone = ZoneInfo(min(person.place.zones))
        local = course.first_at and course.first_at.astimezone(zone)
        return Planned(person.number, person.name, local, course.calls, course.outcome)


def _apart(calls_per_second: float) -> timedelta:
    """From call to call, by the campaign's own pace and that of the account."""
    return timedelta(seconds=1 / min(calls_per_second, settings.CARRIER_CALLS_PER_SECOND))
