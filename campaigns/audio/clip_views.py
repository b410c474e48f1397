"""Hands clips to the carrier."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from campaigns.audio.clip_links import open_clip


@require_safe
def clip(request: HttpRequest, token: str) -> HttpResponse:
    """A clip as a WAV file. Whatever is wrong with the address, there is nothing here."""
    try:
        found = open_clip(token)
    except LookupError as error:
        raise Http404 from error
    headers = {"Cache-Control": f"private, max-age={found.seconds}, immutable"}
    return HttpResponse(found.data, content_type="audio/wav", headers=headers)
