"""The page of a tenant's numbers: which there are, who answers, and what the carrier has to be told."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from agentos.errors import DomainError
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from calls.models import Call
from telephony import services
from telephony.addresses import incoming_call_url, incoming_message_url, status_url
from telephony.forms import AddNumberForm, AssignForm, TrunkForm
from telephony.models import PhoneNumber


@dataclass(frozen=True, slots=True)
class Row:
    """A number in the list."""

    number: PhoneNumber
    form: AssignForm
    calls_today: int

    @property
    def key(self) -> str:
        return str(self.number.pk)

    @property
    def trunk_form(self) -> TrunkForm:
        return TrunkForm(initial={"byoc_trunk": self.number.byoc_trunk}, auto_id=f"%s-{self.key}")

    @property
    def incoming_call_url(self) -> str:
        return incoming_call_url(self.number.agent_id) if self.number.agent_id else ""

    @property
    def status_url(self) -> str:
        """Without what only calls that we place ask of the carrier."""
        return status_url(self.number.agent_id).partition("#")[0] if self.number.agent_id else ""

    @property
    def incoming_message_url(self) -> str:
        return incoming_message_url(self.number.agent_id) if self.number.agent_id else ""


def _row(number: PhoneNumber, calls_today: int) -> Row:
    form = AssignForm(initial={"agent": str(number.agent_id or "")}, auto_id=f"%s-{number.pk}")
    return Row(number, form, calls_today)


def _numbers_of_today() -> dict[str, int]:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    calls = Call.objects.filter(created_at__gte=midnight).order_by()
    return dict(calls.values_list("to_number").annotate(count=Count("pk")))


@allowed(Permission.VIEW_NUMBERS, to_change=Permission.MANAGE_NUMBERS)
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: TenantRequest) -> HttpResponse:
    """The numbers; posted, one more. `agent` is who answers it, unless somebody else is chosen."""
    chosen = {"agent": request.GET.get("agent", "")}
    form = AddNumberForm(request.POST if request.method == "POST" else None, initial=chosen)
    if request.method == "POST" and form.is_valid():
        try:
            number = services.add_number(
                request.tenant,
                e164=form.cleaned_data["e164"],
                label=form.cleaned_data["label"],
                agent_id=_agent_id(form),
            )
            messages.success(request, f"{number} is in the list. Point it here at the carrier, as shown beside it.")
            return redirect("numbers:index", request.tenant.slug)
        except DomainError as error:
            form.add_error("e164", error.message)
    counts = _numbers_of_today()
    numbers = PhoneNumber.objects.select_related("agent__published")
    rows = [_row(number, counts.get(str(number.e164), 0)) for number in numbers]
    context = {"rows": rows, "form": form}
    return render(request, "telephony/numbers.html", context, status=422 if form.errors else 200)


@allowed(Permission.MANAGE_NUMBERS)
@require_POST
def assign(request: TenantRequest, number_id: int) -> HttpResponse:
    """Who answers the number, or, from its dialog, by which trunk calls from it leave."""
    number = get_object_or_404(PhoneNumber.objects.all(), pk=number_id)
    if "byoc_trunk" in request.POST:
        return _lead(request, number)
    form = AssignForm(request.POST)
    if not form.is_valid():
        raise DomainError("unknown_agent", "Choose an agent from the list.")
    number = services.assign_number(request.tenant, number.pk, agent_id=_agent_id(form))
    if number.agent is None:
        messages.success(request, "Nobody answers this number now.")
    else:
        messages.success(request, f"{number.agent} answers this number from the next call on.")
    if not request.htmx:
        return redirect("numbers:index", request.tenant.slug)
    row = _row(number, _numbers_of_today().get(str(number.e164), 0))
    return render(request, "telephony/_number_changed.html", {"row": row})


def _lead(request: TenantRequest, number: PhoneNumber) -> HttpResponse:
    form = TrunkForm(request.POST)
    if form.is_valid():
        number = services.lead_over_trunk(request.tenant, number.pk, trunk=form.cleaned_data["byoc_trunk"])
        ways = "your own trunk" if number.byoc_trunk else "the carrier's lines"
        messages.success(request, f"Calls from this number leave by {ways}.")
    else:
        messages.error(request, str(form.errors["byoc_trunk"][0]))
    return redirect("numbers:index", request.tenant.slug)


@allowed(Permission.MANAGE_NUMBERS)
@require_POST
def remove(request: TenantRequest, number_id: int) -> HttpResponse:
    number = get_object_or_404(PhoneNumber.objects.all(), pk=number_id)
    try:
        services.remove_number(request.tenant, number.pk)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The number is removed. Its calls stay.")
    return redirect("numbers:index", request.tenant.slug)


def _agent_id(form: AssignForm) -> UUID | None:
    chosen = form.cleaned_data["agent"]
    return UUID(chosen) if chosen else None
