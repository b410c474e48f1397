"""The budget of a business: what was spent this month, who is told, and what waits once it is spent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from agentos.tenants.log import record
from agentos.tenants.models import Membership, Tenant
from agentos.tenants.permissions import GRANTS, Permission
from agentos.tenants.prepared import send_for
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from calls.after.costs import month_of, spent
from calls.after.models import Budget

WARNINGS = (80, 100)

log = structlog.get_logger(__name__)

_BUDGET = "select {columns} from calls_budget this where tenant_id = %(tenant)s"


def set_budget(monthly_cents: int | None, at_limit: str) -> None:
    """Set, change or lift the budget, inside the tenant. Who was told before is told again only of more."""
    if monthly_cents is None:
        Budget.objects.all().delete()
        record("budget.lifted", "The budget was lifted", subject="budget")
        return
    Budget.objects.update_or_create(
        defaults={"monthly_cents": monthly_cents, "at_limit": at_limit, "told_percent": 0, "month": None}
    )
    record("budget.set", f"The budget is ${monthly_cents / 100:,.2f} a month", subject="budget", at_limit=at_limit)


def current(at: datetime | None = None) -> Budget | None:
    """The budget of the active tenant as it was last counted, if that was in this month, by the tenant's clock."""
    budget = Budget.objects.select_related("tenant").first()
    return budget if budget is not None and _is_of_this_month(budget, at) else None


def percent(budget: Budget) -> int:
    return int(100 * budget.spent_cents / budget.monthly_cents)


def is_spent(*, keeps: str) -> bool:
    """Whether it is spent, and the business chose that then `keeps` ("campaigns" or "callers") have to wait."""
    return ask_if_spent(keeps=keeps)()


def ask_if_spent(*, keeps: str) -> Callable[[], bool]:
    """The same, asked now and answered when it is wanted."""
    choices = [Budget.AtLimit.REFUSE] if keeps == "callers" else [Budget.AtLimit.REFUSE, Budget.AtLimit.HOLD]
    budgets = send_for(Budget, _BUDGET, tenant=current_tenant_id())
    return lambda: any(
        each.at_limit in choices and percent(each) >= 100 and _is_of_this_month(each) for each in budgets()
    )


def _is_of_this_month(budget: Budget, at: datetime | None = None) -> bool:
    return budget.month == timezone.localdate(at, timezone=budget.tenant.zone).replace(day=1)


def watch(tenant: Tenant, at: datetime) -> None:
    """Count anew, and tell the leads when a share of it is spent: once for each share and month."""
    with timezone.override(tenant.zone), tenant_transaction(tenant):
        budget = Budget.objects.select_for_update().first()
        if budget is None:
            return
        first, until = month_of(at)
        if budget.month != first.date():
            budget.month, budget.told_percent = first.date(), 0
        budget.spent_cents = spent(first, until)
        reached = max((each for each in WARNINGS if percent(budget) >= each), default=0)
        if reached > budget.told_percent:
            budget.told_percent = reached
            _tell(tenant, budget)
        budget.save(update_fields=["month", "spent_cents", "told_percent"])


def _tell(tenant: Tenant, budget: Budget) -> None:
    words = f"{budget.told_percent}% of the budget is spent"
    record("budget.reached", words, subject="budget", spent_cents=float(budget.spent_cents))
    leads = Membership.objects.filter(tenant=tenant, role__in=GRANTS[Permission.SET_BUDGET].roles)
    people = sorted(leads.filter(user__is_active=True).values_list("user__email", flat=True))
    context = {"tenant": tenant, "budget": budget, "dollars": dollars(budget.monthly_cents)}
    context |= {"address": f"{settings.PUBLIC_URL}{reverse('calls:costs', args=[tenant.slug])}"}
    text = render_to_string("calls/budget_mail.txt", context)
    transaction.on_commit(lambda: _send(f"{tenant}: {words}", text, people))


def _send(subject: str, text: str, people: list[str]) -> None:
    """Each on their own. Where the mail is away the pages still say it; nobody waits for it."""
    for person in people:
        try:
            send_mail(subject, text, None, [person])
        except (SMTPException, OSError) as error:
            log.warning("an e-mail about the budget was not sent", error=type(error).__name__)


def dollars(cents: Decimal | int) -> str:
    return f"${cents / 100:,.2f}"
