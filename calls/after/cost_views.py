"""The page on what calls cost, and the budget."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_http_methods

from agentos.tenants.permissions import Permission, TenantRequest, allowed
from calls.after.budget import set_budget
from calls.after.costs import by_agent, by_day, by_part, month_of, others, without_price
from calls.after.models import Budget
from calls.after.prices import table

MOST_DOLLARS = 1_000_000


class BudgetForm(forms.Form):
    """What may be spent in a month; nothing for no limit."""

    dollars = forms.DecimalField(
        label="Dollars a month",
        min_value=1,
        max_value=MOST_DOLLARS,
        decimal_places=2,
        required=False,
        widget=forms.NumberInput({"class": "input--fit", "min": 1, "step": 1, "inputmode": "decimal"}),
        help_text="Empty for no budget. Owners and admins get an e-mail at 80% and at 100%.",
    )
    at_limit = forms.ChoiceField(label="When it is spent", choices=Budget.AtLimit.choices, widget=forms.RadioSelect)


@allowed(Permission.SEE_COSTS, to_change=Permission.SET_BUDGET)
@require_http_methods(["GET", "HEAD", "POST"])
def costs(request: TenantRequest) -> HttpResponse:
    """One month: by agent, by day and by part, with the prices that were taken."""
    budget: Budget | None = Budget.objects.first()
    form = BudgetForm(request.POST if request.method == "POST" else None, initial=_initial(budget))
    if request.method == "POST" and form.is_valid():
        dollars = form.cleaned_data["dollars"]
        set_budget(int(dollars * 100) if dollars else None, form.cleaned_data["at_limit"])
        messages.success(request, "The budget is saved." if dollars else "There is no budget any more.")
        return redirect("calls:costs", request.tenant.slug)
    first, until = month_of(_wanted(request.GET.get("month", "")))
    agents, rest = by_agent(first, until), others(first, until)
    of_calls = sum((share.cents for share in agents), Decimal())
    together = sum((cents for _, cents in rest), of_calls)
    is_this_month = first == month_of(now())[0]
    calls = sum(share.calls for share in agents)
    context = {
        "form": form,
        "budget": budget,
        "percent": int(100 * together / budget.monthly_cents) if budget and is_this_month else None,
        "first": first,
        "is_this_month": is_this_month,
        "before": (first - timedelta(days=1)).strftime("%Y-%m"),
        "after": until.strftime("%Y-%m"),
        "agents": agents,
        "days": by_day(first, until),
        "parts": by_part(first, until),
        "rest": rest,
        "unpriced": without_price(first, until),
        "together": together,
        "calls": calls,
        "each": of_calls / calls if calls else None,
        "prices": table(),
    }
    return render(request, "calls/costs.html", context, status=422 if form.errors else 200)


def _wanted(month: str) -> datetime:
    """A moment in the month that the address names; now, where it names none."""
    try:
        return datetime.strptime(month, "%Y-%m").replace(day=15, tzinfo=UTC)
    except ValueError:
        return now()


def _initial(budget: Budget | None) -> dict[str, object]:
    if budget is None:
        return {"at_limit": Budget.AtLimit.HOLD}
    return {"dollars": Decimal(budget.monthly_cents) / 100, "at_limit": budget.at_limit}
