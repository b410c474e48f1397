"""What calls have cost: by part for one call, by agent and by day for a business. List prices, no invoice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.module_loading import import_string

from agents.models import AgentVersion
from agents.providers.ports import Usage
from calls.after.beside import cents_beside, unpriced_beside
from calls.after.models import Cost
from calls.after.prices import cents_for
from calls.models import Call, ToolRun, UsageLine
from calls.transfers.lines import away_ms, cents_of_people, is_sip, leaves_by_trunk

PARTS = {
    "carrier": "Telephone",
    "people": "Lines to people",
    "relay": "Hearing and voice of the carrier",
    "native": "Conversation at the vendor",
    "stt": "Hearing",
    "llm": "Model",
    "tts": "Voice",
    "analysis": "Reading and summing it up",
}
TEXT_MESSAGE = "send_sms"
ABROAD = "abroad_minute"  # the table has prices of the United States
TOLL_FREE = tuple(f"+1{area}" for area in (800, 833, 844, 855, 866, 877, 888))  # who is called pays more
RELAY = AgentVersion.Transport.CONVERSATION_RELAY  # whose price holds everything; all others stream sound


@dataclass(frozen=True, slots=True)
class Tally:
    """Cents by part, and what has no known price."""

    parts: dict[str, Decimal]
    unpriced: list[str]

    @property
    def cents(self) -> Decimal:
        return sum(self.parts.values(), Decimal())


def tally(call: Call, usage: Iterable[UsageLine]) -> Tally:
    """By the prices of the day on which the call began."""
    on, unpriced = call.created_at.date(), list[str]()
    parts = {"carrier": _carrier(call, on)} if call.is_by_carrier else {}
    if call.is_by_carrier and _way(call) == ABROAD:
        unpriced.append("telephone abroad")
    if (people := cents_of_people(call, on)) is not None:
        parts["people"] = people
    if call.tool_runs.filter(name=TEXT_MESSAGE, state=ToolRun.State.DONE).exists():
        unpriced.append("text messages")
    for line in usage:
        kind = "llm" if line.kind == "analysis" else line.kind
        cents = cents_for(line.quantity, kind, line.provider, line.model, line.unit, on)
        if cents is None:
            unpriced.append(f"{line.provider} {line.model}")
        else:
            parts[line.kind] = parts.get(line.kind, Decimal()) + cents
    return Tally(parts, list(dict.fromkeys(unpriced)))


def _carrier(call: Call, on: date) -> Decimal:
    """Each begun minute counts; a call that nobody took is free. No sound is streamed while a person has the call."""
    minutes = -(-(call.duration_ms or 0) // 60_000)
    streamed = -(-max(0, (call.duration_ms or 0) - away_ms(call)) // 60_000)
    way = _way(call)
    items = {way: minutes} if call.version.transport == RELAY else {way: minutes, "stream_minute": streamed}
    return sum((cents_for(many, "carrier", "", "", item, on) or Decimal() for item, many in items.items()), Decimal())


def _way(call: Call) -> str:
    """By which of the carrier's prices the caller was reached."""
    if call.channel == Call.Channel.WEB:
        return "client_minute"
    is_inbound = call.direction == Call.Direction.INBOUND
    if not is_inbound and (is_sip(call.to_number) or leaves_by_trunk(call.from_number)):
        return "sip_minute"
    if call.to_number.startswith("+") and not call.to_number.startswith("+1"):
        return ABROAD
    if not is_inbound:
        return "outbound_minute"
    return "toll_free_minute" if call.to_number.startswith(TOLL_FREE) else "inbound_minute"


def add_usage(call: Call, kind: str, provider: str, model: str, unit: str, quantity: int) -> None:
    """What somebody beside the conversation has used for a call, inside its tenant. Charged with the rest."""
    names = {"kind": kind, "provider": provider, "model": model, "unit": unit, "speculative": False}
    line, is_new = UsageLine.objects.select_for_update().get_or_create(
        call=call, **names, defaults={"quantity": quantity}
    )
    if not is_new:
        line.quantity += quantity
        line.save(update_fields=["quantity"])


def count_tokens(call: Call, version: AgentVersion, used: Usage) -> None:
    """What the version's model has read and written about the call, beside the conversation."""
    for unit, quantity in used.by_unit():
        if quantity:
            add_usage(call, "analysis", version.llm_provider, version.llm_model, unit, quantity)


def charge(call: Call) -> Cost:
    """Write down what the call has cost by now. Safe to repeat."""
    found = tally(call, call.usage.all())
    parts = {name: str(cents.quantize(Decimal("0.0001"))) for name, cents in found.parts.items()}
    cost: Cost = Cost.objects.update_or_create(
        call=call, defaults={"cents": found.cents, "parts": parts, "unpriced": found.unpriced}
    )[0]
    return cost


def charge_again(call: Call) -> None:
    """Something of a price became known late; a call that was not charged yet is left to whoever does that."""
    if Cost.objects.filter(call=call).exists():
        charge(call)


def charge_ended(at: datetime, since: datetime, most: int) -> None:
    """Every call that has ended and was not charged yet, inside the tenant."""
    ended = Call.objects.filter(status=Call.Status.ENDED, created_at__gt=since, ended_at__lt=at, cost=None)
    for call in ended.exclude(answered_at=None).select_related("version").order_by("ended_at")[:most]:
        charge(call)


# Of a business -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """What an agent, or a day, has cost."""

    name: Any
    calls: int
    cents: Decimal


def month_of(at: datetime) -> tuple[datetime, datetime]:
    """From when to when the month of a moment lasts, in the zone of the page."""
    first = timezone.localtime(at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    after = first + timedelta(days=32)
    return first, timezone.make_aware(datetime(after.year, after.month, 1), first.tzinfo)  # noqa: DTZ001


def by_agent(first: datetime, until: datetime) -> list[Share]:
    rows = _costs(first, until).values_list("call__agent__name").annotate(Count("pk"), Sum("cents"))
    return [Share(*row) for row in rows.order_by("-cents__sum")]


def by_day(first: datetime, until: datetime) -> list[Share]:
    """The days on which calls cost something, the newest first."""
    rows = _costs(first, until).annotate(day=TruncDate("call__created_at")).values_list("day")
    return [Share(*row) for row in rows.annotate(Count("pk"), Sum("cents")).order_by("-day")]


def by_part(first: datetime, until: datetime) -> list[tuple[str, Decimal]]:
    sums: dict[str, Decimal] = {}
    for parts in _costs(first, until).values_list("parts", flat=True).iterator():
        for name, cents in parts.items():
            sums[name] = sums.get(name, Decimal()) + Decimal(cents)
    return [(words, sums[name]) for name, words in PARTS.items() if sums.get(name)]


def spent(first: datetime, until: datetime) -> Decimal:
    """With what is spent beside calls that have an agent."""
    own: Decimal = _costs(first, until).aggregate(cents=Sum("cents"))["cents"] or Decimal()
    return sum((cents for _, cents in others(first, until)), own)


def others(first: datetime, until: datetime) -> list[tuple[str, Decimal]]:
    """What was spent beside them, as whoever spends it tells; what cost nothing is left out."""
    costs = [(words, import_string(name)(first, until)) for words, name in settings.OTHER_COSTS.items()]
    return [(words, cents) for words, cents in [*costs, *cents_beside(first, until)] if cents]


def without_price(first: datetime, until: datetime) -> list[str]:
    """What was used in a month without a known price."""
    of_calls = _costs(first, until).exclude(unpriced=[]).values_list("unpriced", flat=True)
    return sorted({name for names in of_calls.iterator() for name in names} | set(unpriced_beside(first, until)))


def _costs(first: datetime, until: datetime) -> Any:
    return Cost.objects.filter(call__created_at__gte=first, call__created_at__lt=until).order_by()
