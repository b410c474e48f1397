"""What websites of businesses ask us; included at `widget/`. No trailing slash: a redirect would lose the form."""

from __future__ import annotations

from django.urls import path

from telephony.website.panel_views import Panel, script

app_name = "widget"

urlpatterns = [
    path("<uuid:widget_key>.js", script, name="script"),
    path("<uuid:widget_key>", Panel.as_view(), name="panel"),
]
