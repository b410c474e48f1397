"""How many lines are in use, for the frame of every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.functional import cached_property

from agentos.tenants.models import Tenant
from calls.after.budget import WARNINGS, current, percent
from calls.after.models import Budget
from calls.models import Call
from calls.parts import Part
from calls.services import lines_in_use

DRAWN_AT_MOST = 24


@dataclass
class Lines:
    """Counted only when a template asks, and once."""

    tenant: Tenant

    @cached_property
    def calls(self) -> int:
        """Calls in progress, as the list shows them."""
        live: int = Call.objects.exclude(status=Call.Status.ENDED).count()
        return live

    @cached_property
    def in_use(self) -> int:
        """With the calls of campaigns that play a message, and with those that ring."""
        return lines_in_use()

    @property
    def shown(self) -> str:
        """The same as long as there is nothing new to show."""
        return f"{self.calls}-{self.in_use}"

    @property
    def parts(self) -> list[Part]:
        """Where the frame shows them."""
        known = {"lines": self, "tenant": self.tenant}
        return [
            Part("lines-bar", render_to_string("_lines_bar.html", known), tag="span"),
            Part("lines-count", render_to_string("_lines_count.html", known), tag="span"),
            Part("lines", render_to_string("_lines.html", known)),
        ]

    @property
    def total(self) -> int:
        return self.tenant.max_concurrent_calls

    @property
    def drawn(self) -> list[dict[str, Any]]:
        """One bar a line: its start and width in percent. Too many lines become one bar in two parts."""
        if self.total > DRAWN_AT_MOST:
            share = round(min(100.0, 100 * self.in_use / self.total), 1)
            return [{"x": 0, "width": share, "used": True}, {"x": share, "width": 100 - share, "used": False}]
        step = 100 / max(1, self.total)
        return [
            {"x": round(step * n, 1), "width": round(step * 0.88, 1), "used": n < self.in_use}
            for n in range(self.total)
        ]


@dataclass
class Spending:
    """The budget of this month, for a notice on every page. Asked once, and only by a template that is drawn."""

    tenant: Tenant

    @cached_property
    def budget(self) -> Budget | None:
        return current()

    @property
    def percent(self) -> int:
        return percent(self.budget) if self.budget else 0

    @property
    def is_near(self) -> bool:
        return self.percent >= min(WARNINGS)

    @property
    def is_over(self) -> bool:
        return self.percent >= max(WARNINGS)


def lines(request: HttpRequest) -> dict[str, Any]:
    tenant: Tenant | None = getattr(request, "tenant", None)
    return {"lines": Lines(tenant), "spending": Spending(tenant)} if tenant else {}
