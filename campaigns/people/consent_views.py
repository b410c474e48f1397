"""The page of consent: who agreed to be called, to what, when and by what proof; and who took it back."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localtime
from django.views.decorators.http import require_http_methods

from agentos.errors import DomainError
from agentos.exporting import csv_file
from agentos.tenants.permissions import Permission, TenantRequest, allowed
from campaigns.models import Consent, Contact
from campaigns.people import contacts
from campaigns.people.contact_forms import NumberConsentForm, RevokeForm, beginning_of

PER_PAGE = 50
STATES = {"holds": "Holds", "withdrawn": "Withdrawn"}
HEAD = ("Number", "How they agreed", "Source", "On", "Evidence", "Entered by", "Withdrawn on", "How withdrawn")


@allowed(Permission.VIEW_CONTACTS, to_change=Permission.MANAGE_CONTACTS)
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: TenantRequest) -> HttpResponse:
    """The records, narrowed as the address says, also as a file; posted, one more of them, or one withdrawn."""
    if "withdraw" in request.POST:
        return _withdraw(request)
    form = NumberConsentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _give(request, form):
        messages.success(request, "The consent is on record.")
        return redirect("contacts:consent", request.tenant.slug)
    if "export" in request.GET:
        return csv_file("consent", HEAD, map(_row, _found(request).iterator(chunk_size=1000)))
    return _page(request, form)


def _page(request: TenantRequest, form: NumberConsentForm) -> HttpResponse:
    page = Paginator(_found(request), PER_PAGE).get_page(request.GET.get("page"))
    known = Contact.objects.filter(e164__in=[each.e164 for each in page])
    people = {str(each.e164): each for each in known}
    context = {
        "page": page,
        "rows": [(each, people.get(str(each.e164)), RevokeForm(auto_id=f"revoke_{each.pk}_%s")) for each in page],
        "form": form,
        "search": _digits(request),
        "state": request.GET.get("state", ""),
        "states": STATES.items(),
        "tier": request.GET.get("tier", ""),
        "tiers": Consent.Tier.choices,
        "is_narrow": any(request.GET.get(name) for name in ("search", "state", "tier")),
    }
    return render(request, "campaigns/contacts/consent.html", context, status=422 if form.errors else 200)


def _digits(request: TenantRequest) -> str:
    return "".join(character for character in request.GET.get("search", "") if character.isdigit())[:15]


def _found(request: TenantRequest) -> QuerySet[Consent]:
    records: QuerySet[Consent] = Consent.objects.select_related("created_by").order_by("-given_at", "-pk")
    if digits := _digits(request):
        records = records.annotate(digits=Cast("e164", CharField())).filter(digits__contains=digits)
    if (state := request.GET.get("state")) in STATES:
        records = records.filter(revoked_at__isnull=state == "holds")
    if (tier := request.GET.get("tier")) in Consent.Tier.values:
        records = records.filter(tier=tier)
    return records


def _give(request: TenantRequest, form: NumberConsentForm) -> bool:
    """Whether the record could be written; what speaks against it stands beside its field."""
    given = form.cleaned_data
    try:
        contacts.give_consent(
            contacts.normalized(given["e164"]),
            tier=given["tier"],
            source=given["source"],
            given_at=beginning_of(given["day"]),
            evidence=given["evidence"],
            by=request.user,
        )
    except DomainError as error:
        form.add_error("e164", error.message)
        return False
    return True


def _withdraw(request: TenantRequest) -> HttpResponse:
    wanted = request.POST["withdraw"]
    record = get_object_or_404(Consent, pk=int(wanted) if wanted.isascii() and wanted.isdecimal() else 0)
    how = request.POST.get("how", "").strip() or f"Entered by {request.user}"
    contacts.revoke_consent(record.pk, how=how)
    messages.success(request, "The consent is withdrawn. It counts at once.")
    return redirect("contacts:consent", request.tenant.slug)


def _row(record: Consent) -> tuple[object, ...]:
    return (
        record.e164,
        record.get_tier_display(),
        record.source,
        f"{localtime(record.given_at):%Y-%m-%d}",
        record.evidence,
        record.created_by or "",
        f"{localtime(record.revoked_at):%Y-%m-%d %H:%M}" if record.revoked_at else "",
        record.revoked_how,
    )
