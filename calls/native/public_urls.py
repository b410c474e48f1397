"""Where vendors report conversations that they ran; included at `agents/`."""

from __future__ import annotations

from django.urls import path

from calls.native import views

urlpatterns = [
    path("<uuid:agent_id>/elevenlabs", views.report, name="elevenlabs_report"),
    path("<uuid:agent_id>/elevenlabs/tools/<slug:tool_name>", views.tool, name="elevenlabs_tool"),
]
