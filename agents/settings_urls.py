"""Settings of a business that reach other systems; included at `t/<slug>/settings/`."""

from __future__ import annotations

from django.urls import path

from agents import key_views, server_views, tool_views

app_name = "integrations"

urlpatterns = [
    path("keys/", key_views.index, name="keys"),
    path("tools/", tool_views.index, name="tools"),
    path("tools/<uuid:tool_id>/", tool_views.tool, name="tool"),
    path("tools/servers/<uuid:server_id>/", server_views.server, name="server"),
]
