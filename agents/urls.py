"""The pages of a tenant's agents; included at `t/<slug>/agents/`."""

from __future__ import annotations

from django.urls import path

from agents import publish_views, views
from agents.native import views as native
from agents.writing import views as writing

app_name = "agents"

urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.create, name="create"),
    path("write/", writing.write, name="write"),
    path("write/<int:proposal_id>/", writing.written, name="written"),
    path("<uuid:agent_id>/", views.edit, name="edit"),
    path("<uuid:agent_id>/choices/<str:role>/", views.choices, name="choices"),
    path("<uuid:agent_id>/hear/<str:role>/", views.hear, name="hear"),
    path("<uuid:agent_id>/publish/", publish_views.publish, name="publish"),
    path("<uuid:agent_id>/native/", native.step, name="native"),
    path("<uuid:agent_id>/compare/", views.compare, name="compare"),
    path("<uuid:agent_id>/rename/", views.rename, name="rename"),
    path("<uuid:agent_id>/discard/", views.discard, name="discard"),
    path("<uuid:agent_id>/archive/", views.archive, name="archive"),
    path("<uuid:agent_id>/versions/<int:number>/restore/", views.restore, name="restore"),
    path("<uuid:agent_id>/versions/<int:number>/make-live/", views.make_live, name="make_live"),
]
