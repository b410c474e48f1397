"""The reply inbox; included at `t/<slug>/replies/`."""

from __future__ import annotations

from django.urls import path

from campaigns.answers import reply_views as views

app_name = "replies"

urlpatterns = [
    path("", views.index, name="index"),
    path("<int:reply_id>/", views.reply, name="reply"),
    path("<int:reply_id>/recording.wav", views.recording, name="recording"),
    path("replies.csv", views.export, name="export"),
]
