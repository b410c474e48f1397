"""What pages of other websites ask us: how the button looks, the panel behind it, and a call from there.

Nobody is signed in, and no cookie is read or set. Whoever asks from a website that is not listed learns nothing, not
even whether the button exists.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from agents.languages import LAST
from agents.versions import VersionSpec
from telephony.tokens import mint
from telephony.website import origins, passes
from telephony.website.colors import ink_on
from telephony.website.models import Widget
from telephony.website.panel_words import panel_words
from telephony.website.services import Declined, UnknownWidget, entered, open_web_call

SCRIPT = settings.BASE_DIR / "static" / "js" / "website" / "button.js"
SOCKET = "/website/phone"

log = structlog.get_logger(__name__)


@require_safe
def script(request: HttpRequest, widget_key: UUID) -> HttpResponse:
    """The script of the snippet, the same for every button: it tells nothing about anybody."""
    response = HttpResponse(_script(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=3600"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@cache
def _script() -> str:
    return SCRIPT.read_text()


@method_decorator([csrf_exempt, xframe_options_exempt], name="dispatch")
class Panel(View):
    """One button, for the pages of its websites."""

    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest, widget_key: UUID) -> HttpResponse:
        """Asked by a script of a listed page, how the button looks; with `site`, the panel in a frame of that page."""
        if "site" in request.GET:
            return _panel(request, widget_key)
        origin = origins.origin_of(request.headers.get("Origin", ""))
        try:
            with entered(widget_key) as widget:
                if not widget.is_on or not origins.is_listed(origin, widget.domains):
                    raise UnknownWidget
                look = look_of(widget)
        except UnknownWidget:
            return _refused(request, origin)
        response = JsonResponse(look)
        response["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response["Cache-Control"] = "public, max-age=60"
        response["Vary"] = "Origin"
        return response

    def post(self, request: HttpRequest, widget_key: UUID) -> HttpResponse:
        """Open a call for the panel that holds the pass; where its socket is, and a token for it."""
        if not _is_own(request, request.headers.get("Origin", "")):
            return _refused(request, "")
        try:
            site = passes.site_of(request.POST.get("pass", ""), widget_key)
            opened = open_web_call(widget_key, site=site, address=request.META.get("REMOTE_ADDR", ""))
        except (passes.PassRefused, UnknownWidget) as refused:
            log.info("call from a website refused", reason=str(refused))
            return _refused(request, "")
        except Declined as declined:
            log.info("call from a website declined", code=declined.code)
            body = {"code": declined.code, "message": declined.sentence, "telephone": declined.telephone}
            return JsonResponse(body, status=409)
        claims = opened.claims
        return JsonResponse({"call_id": claims.carrier_sid, "token": mint(claims), "socket_url": SOCKET})


def look_of(widget: Widget) -> dict[str, str]:
    """How the button looks; public on the websites where it is."""
    return {"words": widget.words, "color": widget.color, "ink": ink_on(widget.color)}


def _panel(request: HttpRequest, widget_key: UUID) -> HttpResponse:
    site = origins.origin_of(request.GET["site"])
    try:
        with entered(widget_key) as widget:
            if not _is_asked_by(request, site, widget):
                raise UnknownWidget
            context = _context(widget, site)
    except UnknownWidget:
        return _refused(request, site)
    response = render(request, "website/panel.html", context)
    response["Cache-Control"] = "no-store"
    _let_frame(response, site)
    return response


def _is_asked_by(request: HttpRequest, site: str, widget: Widget) -> bool:
    """Whether the panel may be shown inside pages of the site. That it is there, the browser will insist on."""
    referer = origins.origin_of(request.headers.get("Referer", ""))
    in_frame = request.headers.get("Sec-Fetch-Dest", "iframe") == "iframe"
    is_named = not referer or referer == site or _is_own(request, referer)
    # Our own pages show it as well: people try it out where they set it up.
    return bool(site) and in_frame and is_named and (origins.is_listed(site, widget.domains) or _is_own(request, site))


def _context(widget: Widget, site: str) -> dict[str, Any]:
    version = widget.agent.published
    language = version.language if version else LAST
    words = panel_words(language)
    return {
        "agent": widget.agent,
        "look": look_of(widget),
        "captions": widget.captions,
        "site": site,
        "pass": passes.issue(widget.key, site),
        "language": language,
        "words": words,
        "words_json": json.dumps(words.to_json()),
        "is_recorded": version is not None and VersionSpec.of(version).keeps_recording,
    }


def _refused(request: HttpRequest, site: str) -> HttpResponse:
    """The same page for a website that is not listed and for a button that is not there; it holds nothing to press."""
    response = render(request, "website/refused.html", {"site": urlsplit(site).netloc}, status=403)
    _let_frame(response, "*")
    return response


def _let_frame(response: HttpResponse, ancestors: str) -> None:
    response._csp_replace = {"frame-ancestors": [ancestors]}  # type: ignore[attr-defined]


def _is_own(request: HttpRequest, origin: str) -> bool:
    """Whether it is an origin of ours."""
    return origin == settings.PUBLIC_URL or (bool(origin) and urlsplit(origin).netloc == request.get_host())
