"""The pages of a tenant's campaigns; included at `t/<slug>/campaigns/`."""

from __future__ import annotations

from django.urls import path

from campaigns import views
from campaigns.audio import clip_review
from campaigns.planning import trial_views, wizard

app_name = "campaigns"

urlpatterns = [
    path("", views.index, name="index"),
    path("new/", wizard.create, name="create"),
    path("<uuid:campaign_id>/", views.campaign, name="campaign"),
    path("<uuid:campaign_id>/progress/", views.progress, name="progress"),
    path("<uuid:campaign_id>/clips/", clip_review.clips, name="clips"),
    path("<uuid:campaign_id>/why/", views.why, name="why"),
    path("<uuid:campaign_id>/export/", views.export, name="export"),
    path("<uuid:campaign_id>/pause/", views.pause, name="pause"),
    path("<uuid:campaign_id>/resume/", views.resume, name="resume"),
    path("<uuid:campaign_id>/stop/", views.stop, name="stop"),
    path("<uuid:campaign_id>/redial/", views.redial, name="redial"),
    path("<uuid:campaign_id>/set-up/<str:step>/", wizard.step, name="step"),
    path("<uuid:campaign_id>/people/remove/", wizard.remove_people, name="remove_people"),
    path("<uuid:campaign_id>/preview/", wizard.preview, name="preview"),
    path("<uuid:campaign_id>/dry-run/", wizard.dry_run, name="dry_run"),
    path("<uuid:campaign_id>/dry-run/export/", wizard.export_dry_run, name="export_dry_run"),
    path("<uuid:campaign_id>/test-call/", trial_views.test_call, name="test_call"),
    path("<uuid:campaign_id>/start/", wizard.start, name="start"),
    path("<uuid:campaign_id>/discard/", wizard.discard, name="discard"),
]
