"""Handing out the proof of one person's calls."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from agentos.tenants.permissions import Permission, TenantRequest, allowed
from campaigns.people.contacts import normalized
from campaigns.proof.bundle import download


@allowed(Permission.DOWNLOAD_PROOF, to_change=Permission.DOWNLOAD_PROOF)
@require_POST
def proof(request: TenantRequest) -> HttpResponse:
    """Posted, because it is written down, and because a number does not belong into an address."""
    made = download(request.tenant, normalized(request.POST.get("e164", "")), now())
    response = HttpResponse(made.content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="proof-{made.fingerprint[:8]}.zip"'
    return response
