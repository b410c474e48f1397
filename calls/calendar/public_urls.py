"""What other programs fetch; included at `calendar/`."""

from __future__ import annotations

from django.urls import path

from calls.calendar import views

urlpatterns = [path("<str:token>.ics", views.calendar_feed, name="calendar_feed")]
