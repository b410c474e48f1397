"""Calling an agent from its page; included at `t/<slug>/agents/`."""

from __future__ import annotations

from django.urls import path

from telephony.practice import practice_call

app_name = "practice"

urlpatterns = [path("<uuid:agent_id>/practice-call", practice_call, name="call")]
