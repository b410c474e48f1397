"""The pages of a tenant's contacts, their consent and the do-not-call list; included at `t/<slug>/contacts/`."""

from __future__ import annotations

from django.urls import path

from campaigns import proof_views
from campaigns.people import consent_views, do_not_call_views, import_views, memory_views
from campaigns.people import contact_views as views

app_name = "contacts"

urlpatterns = [
    path("", views.index, name="index"),
    path("<int:contact_id>/", views.contact, name="contact"),
    path("<int:contact_id>/consent/", views.give_consent, name="give_consent"),
    path("<int:contact_id>/memory/", memory_views.memory, name="memory"),
    path("<int:contact_id>/stop/", views.stop, name="stop"),
    path("<int:contact_id>/erase/", views.erase, name="erase"),
    path("<int:contact_id>/consent/<int:consent_id>/revoke/", views.revoke, name="revoke"),
    path("proof/", proof_views.proof, name="proof"),
    path("template.csv", import_views.template, name="template"),
    path("import/", import_views.upload, name="upload"),
    path("import/<int:import_id>/", import_views.batch, name="import"),
    path("import/<int:import_id>/progress/", import_views.progress_bar, name="progress"),
    path("import/<int:import_id>/again/", import_views.again, name="again"),
    path("import/<int:import_id>/rejected.csv", import_views.rejected, name="rejected"),
    path("consent/", consent_views.consent, name="consent"),
    path("do-not-call/", do_not_call_views.index, name="do_not_call"),
    path("do-not-call/<int:entry_id>/lift/", do_not_call_views.lift, name="lift"),
    path("do-not-call/registry/", do_not_call_views.registry, name="registry"),
]
