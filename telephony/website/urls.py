"""The buttons of a business; included at `t/<slug>/settings/website/`."""

from __future__ import annotations

from django.urls import path

from telephony.website import views

app_name = "website"

urlpatterns = [path("", views.index, name="index")]
