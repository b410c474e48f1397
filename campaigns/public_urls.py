"""Where the carrier reaches a campaign; included at `agents/`. No trailing slash: a redirect would lose the form."""

from __future__ import annotations

from django.urls import path

from campaigns.webhooks import (
    AnsweredBy,
    AttemptStatus,
    IncomingMessage,
    KeyPressed,
    OutboundCall,
    RecordingComplete,
)

urlpatterns = [
    path("<uuid:agent_id>/incoming-message", IncomingMessage.as_view(), name="incoming_message"),
    path("<uuid:agent_id>/outbound-call/<str:token>", OutboundCall.as_view(), name="outbound_call"),
    path("<uuid:agent_id>/attempt-status/<str:token>", AttemptStatus.as_view(), name="attempt_status"),
    path("<uuid:agent_id>/key-pressed/<str:token>", KeyPressed.as_view(), name="key_pressed"),
    path("<uuid:agent_id>/recording-complete/<str:token>", RecordingComplete.as_view(), name="recording_complete"),
    path("<uuid:agent_id>/answered-by/<str:token>", AnsweredBy.as_view(), name="answered_by"),
]
