"""The pages of the calendar; included at `t/<slug>/calendar/`."""

from __future__ import annotations

from django.urls import path

from calls.calendar import views

app_name = "calendar"

urlpatterns = [
    path("", views.index, name="index"),
    path("hours/", views.hours, name="hours"),
    path("<uuid:appointment_id>/", views.appointment, name="appointment"),
]
