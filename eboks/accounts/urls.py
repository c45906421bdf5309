"""Only the pages of allauth that the portal uses, under their Polish addresses."""

from __future__ import annotations

from allauth.account import views as allauth_views
from django.urls import path, re_path

from eboks.accounts import views

urlpatterns = [
    path("logowanie/", views.LoginView.as_view(), name="account_login"),
    path("wylogowanie/", views.LogoutView.as_view(), name="account_logout"),
    path("nieaktywne/", allauth_views.account_inactive, name="account_inactive"),
    path("potwierdzenie/", views.ReauthenticateView.as_view(), name="account_reauthenticate"),
    path("haslo/", views.PasswordChangeView.as_view(), name="account_change_password"),
    path("haslo/nowe/", views.PasswordResetView.as_view(), name="account_reset_password"),
    path(
        "haslo/nowe/wyslane/",
        allauth_views.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(
        r"^haslo/nowe/(?P<uidb36>[0-9A-Za-z]{1,13})-(?P<key>[0-9A-Za-z-]{1,100})/$",
        views.PasswordResetFromKeyView.as_view(),
        name="account_reset_password_from_key",
    ),
    path(
        "haslo/nowe/gotowe/",
        allauth_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("sesja/", views.session, name="extend_session"),
]
