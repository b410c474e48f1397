"""What nobody knows the end of: a tool that was begun in a call, and whose result never came.

The caller was told that somebody looks into it, so somebody has to hear of it: it stands among the messages.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db.models import Exists, OuterRef

from agentos.tenants.scoping import tenant_transaction
from calls.calendar.booking import Guest, Origin
from calls.followups.models import LeftMessage
from calls.followups.services import keep_message
from calls.models import Call, ToolRun
from calls.numbers import read_number
from calls.transfers.telling import other_number

SETTLES_WITHIN = timedelta(minutes=2)  # after the call; nothing that was begun in it still goes on then
LOOKS_BACK = timedelta(days=2)
KEY = "unsettled:"


def tell_people(tenant_id: int, at: datetime) -> int:
    """Leave a message for each call with such tools, once; how many there were."""
    with tenant_transaction(tenant_id):
        found = [(call, list(runs)) for call, runs in groupby(_unsettled(at), lambda run: run.call)]
        for call, runs in found:
            guest = Guest("", read_number(other_number(call)))
            keep_message(_words(runs), guest, Origin(call.pk, key=f"{KEY}{call.pk}"))
        return len(found)


def _unsettled(at: datetime) -> Sequence[ToolRun]:
    """In the order of their calls. Of a rehearsal nothing is real."""
    running = ToolRun.objects.filter(state=ToolRun.State.RUNNING, effect=True)
    over = running.filter(call__created_at__gt=at - LOOKS_BACK, call__ended_at__lt=at - SETTLES_WITHIN)
    told = LeftMessage.objects.filter(call=OuterRef("call"), key__startswith=KEY)
    untold = over.exclude(call__channel=Call.Channel.REHEARSAL).exclude(Exists(told))
    return list(untold.select_related("call").order_by("call", "started_ms", "pk"))


def _words(runs: Sequence[ToolRun]) -> str:
    asked = "; ".join(_wish(run) for run in runs)[:800]
    return f"Please check whether this went through: {asked}. The caller was told that somebody looks into it."


def _wish(run: ToolRun) -> str:
    given = run.arguments if isinstance(run.arguments, dict) else {}
    said = ", ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in given.items() if value)
    title = run.title or run.name
    return f"{title} ({said[:300]})" if said else title


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
