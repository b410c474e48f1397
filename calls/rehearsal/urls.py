"""Rehearsals of an agent; included at `t/<slug>/agents/`."""

from __future__ import annotations

from django.urls import path

from calls.rehearsal import trying, views

app_name = "rehearsals"

urlpatterns = [
    path("<uuid:agent_id>/rehearsals/", views.index, name="index"),
    path("<uuid:agent_id>/try/", trying.try_out, name="try"),
    path("<uuid:agent_id>/rehearsals/<int:rehearsal_id>/", views.rehearsal, name="rehearsal"),
]
