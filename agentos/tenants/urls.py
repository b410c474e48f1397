"""Signing in, choosing a tenant, and a tenant's settings."""

from allauth.account import views as account
from django.urls import include, path, re_path

from agentos.tenants import key_views, views
from agentos.tenants.views import unless_redis_is_away

account_patterns = [
    path("login/", unless_redis_is_away(account.login), name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("password/reset/", unless_redis_is_away(account.password_reset), name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        unless_redis_is_away(account.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
]

settings_patterns = [
    path("", views.team, name="team"),
    path("api/", key_views.index, name="api"),
    path("team/<int:member_id>/role/", views.change_role, name="change_role"),
    path("team/<int:member_id>/remove/", views.remove_member, name="remove_member"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("account/", include(account_patterns)),
    path("t/<slug:slug>/", views.front, name="front"),
    path("t/<slug:slug>/settings/", include((settings_patterns, "tenants"))),
]
