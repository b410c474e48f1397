"""The list of calls as one person sees it: which calls, in which words, drawn on which scale."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from math import ceil, log
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, Prefetch, QuerySet
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from agentos.tenants.models import Membership
from agentos.tenants.permissions import Permission, may
from calls.after.models import Analysis, Cost
from calls.after.outcomes import Word, result_of, sentiment_of
from calls.filters import STATES, Choice, Wanted
from calls.latency import SLOW_MS, p50, wait_ms
from calls.live.presence import waiting_for_person
from calls.models import Call, Turn
from calls.parts import Part
from calls.ribbons import Ribbon, ribbon
from calls.speech import stretches
from calls.wording import Outcome, length_ms, outcome, who

PER_PAGE = 25
SHORTEST_SCALE_MS = 30_000  # a list of very short calls is not blown up
SCALE_STEP = 1.25  # the scale grows in steps: a live call that is the longest does not redraw the page every second
OF_TURNS = (
    *("call", "tenant", "index", "speaker", "kind", "heard", "unheard", "interrupted"),
    *("started_ms", "ended_ms", "timing"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A call in the list."""

    call: Call
    who: str
    outcome: Outcome
    ribbon: Ribbon | None
    length_ms: int | None
    typical_ms: int | None
    slowest_ms: int | None
    result: Word | None
    cents: Decimal | None

    @property
    def is_live(self) -> bool:
        return self.call.status == Call.Status.IN_PROGRESS

    @property
    def is_slow(self) -> bool:
        return self.slowest_ms is not None and self.slowest_ms >= SLOW_MS


class CallList:
    """One page of the list as it looks `at` a moment, without the calls that came after `until`."""

    def __init__(self, wanted: Wanted, membership: Membership, *, at: datetime, until: datetime) -> None:
        self.wanted, self.membership, self.at, self.until = wanted, membership, at, until
        self.shows_numbers = may(membership, Permission.SEE_NUMBERS)

    @cached_property
    def page(self) -> Page[Call]:
        calls = self.wanted.apply(Call.objects.filter(created_at__lte=self.until))
        return Paginator(_with_turns(calls), PER_PAGE).get_page(self.wanted.page)

    @cached_property
    def calls(self) -> list[Call]:
        return list(self.page)

    @cached_property
    def scale_ms(self) -> int:
        return self.scale_for(self.calls)

    @cached_property
    def parts(self) -> list[Part]:
        """The rows, printed."""
        return self.print(self.calls, self.scale_ms)

    def again(self, ids: Collection[UUID]) -> list[Call]:
        """Some of these calls as they are now."""
        return list(_with_turns(Call.objects.filter(pk__in=ids)))

    def print(self, calls: Sequence[Call], scale_ms: int) -> list[Part]:
        waiting = waiting_for_person(calls)
        rows = [self._row(call, scale_ms, needs_person=call.pk in waiting) for call in calls]
        return [Part(f"call-{row.call.pk}", self._printed(row), tag="tr") for row in rows]

    def scale_for(self, calls: Collection[Call]) -> int:
        """How many milliseconds the whole width means, so that the longest of these calls has space."""
        longest = max((length_ms(call, self.at) for call in calls), default=0)
        steps = ceil(log(max(1.0, longest / SHORTEST_SCALE_MS), SCALE_STEP) - 1e-9)
        return ceil(SHORTEST_SCALE_MS * SCALE_STEP**steps)

    def newer(self) -> int:
        """How many calls like these came after `until`."""
        return self.wanted.apply(Call.objects.filter(created_at__gt=self.until)).count()

    def states(self) -> list[tuple[Choice, int]]:
        """The states that occur, and the chosen one, each with how many calls are in it."""
        calls: QuerySet[Call] = self.wanted.apply_rest(Call.objects.order_by())
        counts = calls.aggregate(**{f"n{place}": Count("pk", filter=each.means) for place, each in enumerate(STATES)})
        counted = [(each, counts[f"n{place}"]) for place, each in enumerate(STATES)]
        return [(each, number) for each, number in counted if number or each.value in ("", self.wanted.state)]

    def _row(self, call: Call, scale_ms: int, *, needs_person: bool) -> Row:
        turns, length = list(call.turns.all()), length_ms(call, self.at)
        waited = [ms for turn in turns if (ms := wait_ms(turn)) is not None]
        return Row(
            call=call,
            who=who(call, shows_numbers=self.shows_numbers),
            outcome=outcome(call, turns, needs_person=needs_person),
            ribbon=ribbon(stretches(turns, length), length, scale_ms=scale_ms) if call.answered_at else None,
            length_ms=length if call.answered_at else None,
            typical_ms=p50(waited),
            slowest_ms=max(waited, default=None),
            result=_result(call),
            cents=self._cents(call),
        )

    def _cents(self, call: Call) -> Decimal | None:
        cost: Cost | None = getattr(call, "cost", None)
        return cost.cents if cost and may(self.membership, Permission.SEE_COSTS) else None

    def _printed(self, row: Row) -> SafeString:
        return render_to_string("calls/_row.html", {"row": row, "tenant": self.membership.tenant})


def _result(call: Call) -> Word | None:
    """What came of it; an unhappy caller is said first."""
    analysis: Analysis | None = getattr(call, "analysis", None)
    if analysis is None or not analysis.made_at:
        return None
    return sentiment_of(analysis) if analysis.sentiment == Analysis.Sentiment.NEGATIVE else result_of(analysis)


def _with_turns(calls: QuerySet[Call]) -> QuerySet[Call]:
    return calls.select_related("agent", "analysis", "cost").prefetch_related(
        Prefetch("turns", Turn.objects.only(*OF_TURNS))
    )
