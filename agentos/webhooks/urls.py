"""The webhooks of a business; included at `t/<slug>/settings/webhooks/`."""

from __future__ import annotations

from django.urls import path

from agentos.webhooks import views

app_name = "webhooks"

urlpatterns = [
    path("", views.index, name="index"),
    path("<uuid:endpoint_id>/", views.endpoint, name="endpoint"),
]
