"""The pages of a tenant's calls; included at `t/<slug>/calls/`."""

from __future__ import annotations

from django.urls import path

from calls import views
from calls.after import cost_views, retention_views
from calls.live.views import steer

app_name = "calls"

urlpatterns = [
    path("", views.index, name="index"),
    path("costs/", cost_views.costs, name="costs"),
    path("kept/", retention_views.retention, name="retention"),
    path("export/", views.export, name="export"),
    path("<uuid:call_id>/", views.call, name="call"),
    path("<uuid:call_id>/steer", steer, name="steer"),
    path("<uuid:call_id>/recording.wav", views.recording, name="recording"),
]
