"""The people whom callers can be put through to; included at `t/<slug>/settings/`."""

from __future__ import annotations

from django.urls import path

from calls.transfers import views

app_name = "transfers"

urlpatterns = [path("people/", views.people, name="people")]
