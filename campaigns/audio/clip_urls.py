"""Where the carrier gets the clips that it plays; included at `clips/`."""

from __future__ import annotations

from django.urls import path

from campaigns.audio.clip_views import clip

urlpatterns = [path("<str:token>/message.wav", clip, name="clip")]
