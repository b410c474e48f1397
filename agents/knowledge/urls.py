"""What a tenant's agents know; included at `t/<slug>/knowledge/`."""

from __future__ import annotations

from django.urls import path

from agents.knowledge import views

app_name = "knowledge"

urlpatterns = [
    path("", views.index, name="index"),
    path("<int:source_id>/", views.source, name="source"),
    path("questions/<int:gap_id>/", views.close_gap, name="close_gap"),
]
