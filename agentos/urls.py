"""HTTP addresses."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path


def _app(prefix: str, module: str) -> list[URLPattern | URLResolver]:
    return [path(prefix, include(module))] if find_spec(module) else []


urlpatterns: list[URLPattern | URLResolver] = [
    *_app("agents/", "telephony.public_urls"),
    *_app("agents/", "calls.native.public_urls"),
    *_app("agents/", "campaigns.public_urls"),
    *_app("widget/", "telephony.website.public_urls"),
    *_app("clips/", "campaigns.audio.clip_urls"),
    *_app("api/v1/", "campaigns.api"),
    *_app("", "agentos.tenants.urls"),
    *_app("t/<slug:slug>/settings/", "agents.settings_urls"),
    *_app("t/<slug:slug>/settings/webhooks/", "agentos.webhooks.urls"),
    *_app("t/<slug:slug>/agents/", "agents.urls"),
    *_app("t/<slug:slug>/agents/", "telephony.practice_urls"),
    *_app("t/<slug:slug>/numbers/", "telephony.urls"),
    *_app("t/<slug:slug>/settings/website/", "telephony.website.urls"),
    *_app("t/<slug:slug>/agents/", "calls.rehearsal.urls"),
    *_app("t/<slug:slug>/settings/", "calls.transfers.urls"),
    *_app("t/<slug:slug>/calls/", "calls.urls"),
    *_app("calendar/", "calls.calendar.public_urls"),
    *_app("t/<slug:slug>/calendar/", "calls.calendar.urls"),
    *_app("t/<slug:slug>/follow-ups/", "calls.followups.urls"),
    *_app("t/<slug:slug>/knowledge/", "agents.knowledge.urls"),
    *_app("t/<slug:slug>/contacts/", "campaigns.people.contact_urls"),
    *_app("t/<slug:slug>/campaigns/", "campaigns.urls"),
    *_app("t/<slug:slug>/replies/", "campaigns.answers.reply_urls"),
]
