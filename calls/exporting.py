"""Calls as a table for a spreadsheet: a row each, with what was noted from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from calls.after.models import Analysis, Cost
from calls.after.outcomes import VERDICTS
from calls.latency import p50, wait_ms
from calls.models import Call, Turn
from calls.wording import outcome, own_number, who

MOST_ROWS = 10_000
HEAD = ("Call", "Started", "With", "Our number", "Direction", "Agent", "Version", "How it ended", "Seconds")
COST = "Cost, cents"
READ = ("Typical wait ms", "Result", "Caller", "Summary", "Criteria met", "Criteria not met")


def table(calls: QuerySet[Call], *, shows_numbers: bool, shows_costs: bool) -> tuple[list[str], Iterator[list[object]]]:
    """The head and the rows, the newest first. Each field that was noted of any of them has a column."""
    chosen = calls.select_related("agent", "version", "analysis", "cost")[:MOST_ROWS]
    rows = list(chosen.prefetch_related(Prefetch("turns", Turn.objects.only("call", "tenant", "speaker", "timing"))))
    names = list(dict.fromkeys(each["name"] for call in rows for each in _noted(call)))
    head = [*HEAD, *READ, *([COST] if shows_costs else []), *names]
    return head, (_row(call, names, shows_numbers=shows_numbers, shows_costs=shows_costs) for call in rows)


def _row(call: Call, names: Sequence[str], *, shows_numbers: bool, shows_costs: bool) -> list[object]:
    turns = list(call.turns.all())
    noted = {each["name"]: each["value"] for each in _noted(call)}
    seconds = "" if call.duration_ms is None else round(call.duration_ms / 1000)
    return [
        str(call.pk),
        f"{timezone.localtime(call.created_at):%Y-%m-%d %H:%M:%S}",
        who(call, shows_numbers=shows_numbers).replace("\u00a0", " "),
        own_number(call),
        call.get_direction_display(),
        str(call.agent),
        call.version.number or "draft",
        outcome(call, turns).words,
        seconds,
        p50([ms for turn in turns if (ms := wait_ms(turn)) is not None]),
        *_read(_analysis(call)),
        *([_cents(call)] if shows_costs else []),
        *(noted.get(name, "") for name in names),
    ]


def _analysis(call: Call) -> Analysis | None:
    analysis: Analysis | None = getattr(call, "analysis", None)
    return analysis if analysis is not None and analysis.made_at else None


def _cents(call: Call) -> float | str:
    cost: Cost | None = getattr(call, "cost", None)
    return float(cost.cents) if cost else ""


def _noted(call: Call) -> list[dict[str, str]]:
    analysis = _analysis(call)
    return analysis.fields if analysis else []


def _read(analysis: Analysis | None) -> list[object]:
    if analysis is None:
        return [""] * (len(READ) - 1)
    verdicts = [each["verdict"] for each in analysis.criteria if each["verdict"] in VERDICTS]
    words = [analysis.get_result_display(), analysis.get_sentiment_display(), analysis.summary]
    return [*words, verdicts.count("met"), verdicts.count("not_met")]
