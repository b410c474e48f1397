"""The page of follow-ups; included at `t/<slug>/follow-ups/`."""

from __future__ import annotations

from django.urls import path

from calls.followups import views

app_name = "followups"

urlpatterns = [path("", views.index, name="index")]
