"""Login, password and "Minha Conta". The names without a namespace are those that allauth reverses; sign-up has no page."""

from allauth.account import views as allauth_views
from django.urls import include, path, re_path
from django.views.decorators.http import require_POST

from accounts import views

account_patterns = (
    [
        path("", views.account, name="account"),
        path("profile/", views.profile, name="profile"),
        path("settings/", views.settings, name="settings"),
        path("tokens/", views.token_create, name="token_create"),
        path("tokens/<int:token_id>/revoke/", views.token_revoke, name="token_revoke"),
    ],
    "accounts",
)

urlpatterns = [
    path("login/", allauth_views.login, name="account_login"),
    path("login/inactive/", allauth_views.account_inactive, name="account_inactive"),
    path("logout/", require_POST(allauth_views.logout), name="account_logout"),
    path("password-reset/", allauth_views.password_reset, name="account_reset_password"),
    path("password-reset/sent/", allauth_views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password-reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password-reset/done/",
        allauth_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("account/password/", allauth_views.password_change, name="account_change_password"),
    path("account/password/new/", allauth_views.password_set, name="account_set_password"),
    path("account/", include(account_patterns)),
]
