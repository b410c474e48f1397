"""What other programs fetch, and where Google sends people back to; included at `calendar/`."""

from __future__ import annotations

from django.urls import path

from calls.calendar import google_views, views

urlpatterns = [
    path("google/", google_views.connected, name="calendar_google"),
    path("<str:token>.ics", views.calendar_feed, name="calendar_feed"),
]
