"""Where the carrier reaches an agent; included at `agents/`. No trailing slash: a redirect would lose the form."""

from __future__ import annotations

from uuid import UUID

from django.urls import path

from telephony.person_webhooks import Hold, Person, PersonStatus, music
from telephony.webhooks import CallStatus, IncomingCall, ResumeCall, StreamStatus, Transferred, WebsiteCall

urlpatterns = [
    path("website-call", WebsiteCall.as_view(), {"agent_id": UUID(int=0)}, name="website_call"),
    path("<uuid:agent_id>/incoming-call", IncomingCall.as_view(), name="incoming_call"),
    path("<uuid:agent_id>/status", CallStatus.as_view(), name="call_status"),
    path("<uuid:agent_id>/resume", ResumeCall.as_view(), name="resume_call"),
    path("<uuid:agent_id>/transferred", Transferred.as_view(), name="transferred"),
    path("<uuid:agent_id>/hold", Hold.as_view(), name="hold"),
    path("<uuid:agent_id>/person/<uuid:ring_id>", Person.as_view(), name="person"),
    path("<uuid:agent_id>/person-status/<uuid:ring_id>", PersonStatus.as_view(), name="person_status"),
    path("<uuid:agent_id>/stream-status", StreamStatus.as_view(), name="stream_status"),
    path("hold-music.wav", music, name="hold_music"),
]
