"""The page of a tenant's numbers; included at `t/<slug>/numbers/`."""

from __future__ import annotations

from django.urls import path

from telephony import views

app_name = "numbers"

urlpatterns = [
    path("", views.index, name="index"),
    path("<int:number_id>/assign/", views.assign, name="assign"),
    path("<int:number_id>/remove/", views.remove, name="remove"),
]
