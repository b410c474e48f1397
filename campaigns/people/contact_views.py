"""The pages about people: the list, and one of them with everything that is known."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from agentos.tenants.permissions import Permission, TenantRequest, allowed
from agentos.tenants.templatetags.words import count
from campaigns.forgetting import erase_contact
from campaigns.models import Consent, Contact, ContactImport, DoNotCall
from campaigns.people import contacts
from campaigns.people.contact_forms import ConsentForm, RevokeForm, StopForm, beginning_of
from campaigns.people.contact_page import ContactPage

PER_PAGE = 50
MOST_TAGS = 12


@allowed(Permission.VIEW_CONTACTS)
@require_safe
def index(request: TenantRequest) -> HttpResponse:
    """Everybody, or those whose name or number holds what is searched for."""
    search, tag = request.GET.get("search", "").strip()[:80], request.GET.get("tag", "")[:40]
    page = Paginator(contacts.found(search=search, tag=tag), PER_PAGE).get_page(request.GET.get("page"))
    numbers = [str(each.e164) for each in page]
    context = {
        "page": page,
        "search": search,
        "tag": tag,
        "tags": contacts.tags()[:MOST_TAGS],
        "rows": _rows(list(page), numbers),
        "imports": ContactImport.objects.filter(status=ContactImport.Status.RUNNING)[:3],
        "is_narrow": bool(search or tag),
    }
    return render(request, "campaigns/contacts/index.html", context)


def _rows(people: list[Contact], numbers: list[str]) -> list[dict[str, object]]:
    """Each person with whether they may be called, as far as lists and consent say."""
    listed = {str(n) for n in DoNotCall.objects.filter(e164__in=numbers, lifted_at=None).values_list("e164", flat=True)}
    agreed = Consent.objects.filter(e164__in=numbers, revoked_at=None).order_by("e164")
    consented = {str(number) for number in agreed.values_list("e164", flat=True)}
    return [
        {"contact": each, "is_listed": str(each.e164) in listed, "has_consent": str(each.e164) in consented}
        for each in people
    ]


@allowed(Permission.VIEW_CONTACTS)
@require_safe
def contact(request: TenantRequest, contact_id: int) -> HttpResponse:
    return _page(request, contact_id, ConsentForm(auto_id="consent_%s"))


def _page(request: TenantRequest, contact_id: int, form: ConsentForm) -> HttpResponse:
    page = ContactPage(get_object_or_404(Contact, pk=contact_id))
    context = {
        "page": page,
        "contact": page.contact,
        "form": form,
        "stop_form": StopForm(auto_id="stop_%s"),
        "revoke_forms": [
            (each, RevokeForm(auto_id=f"revoke_{each.pk}_%s")) for each in page.consents if each.revoked_at is None
        ],
    }
    return render(request, "campaigns/contacts/contact.html", context, status=422 if form.errors else 200)


@allowed(Permission.MANAGE_CONTACTS)
@require_POST
def give_consent(request: TenantRequest, contact_id: int) -> HttpResponse:
    person = get_object_or_404(Contact, pk=contact_id)
    form = ConsentForm(request.POST, auto_id="consent_%s")
    if not form.is_valid():
        return _page(request, contact_id, form)
    contacts.give_consent(
        str(person.e164),
        tier=form.cleaned_data["tier"],
        source=form.cleaned_data["source"],
        given_at=beginning_of(form.cleaned_data["day"]),
        evidence=form.cleaned_data["evidence"],
        by=request.user,
    )
    messages.success(request, "The consent is on record.")
    return redirect("contacts:contact", request.tenant.slug, contact_id)


@allowed(Permission.MANAGE_CONTACTS)
@require_POST
def revoke(request: TenantRequest, contact_id: int, consent_id: int) -> HttpResponse:
    person = get_object_or_404(Contact, pk=contact_id)
    consent = get_object_or_404(Consent, pk=consent_id, e164=person.e164)
    how = request.POST.get("how", "").strip() or f"Entered by {request.user}"
    contacts.revoke_consent(consent.pk, how=how)
    messages.success(request, "The consent is withdrawn. It counts at once.")
    return redirect("contacts:contact", request.tenant.slug, contact_id)


@allowed(Permission.MANAGE_CONTACTS)
@require_POST
def stop(request: TenantRequest, contact_id: int) -> HttpResponse:
    person = get_object_or_404(Contact, pk=contact_id)
    evidence = request.POST.get("evidence", "").strip()[:2_000]
    contacts.opt_out(str(person.e164), DoNotCall.Source.ADMIN, evidence, by=request.user)
    messages.success(request, "This number is not called any more.")
    return redirect("contacts:contact", request.tenant.slug, contact_id)


@allowed(Permission.MANAGE_CALLS)
@require_POST
def erase(request: TenantRequest, contact_id: int) -> HttpResponse:
    calls = erase_contact(get_object_or_404(Contact, pk=contact_id))
    messages.success(request, f"The contact is erased, and what was said in {count(calls, 'call')}.")
    return redirect("contacts:index", request.tenant.slug)
