"""Only the pages of allauth that the portal uses, under their Polish addresses."""

from __future__ import annotations

from allauth.account import views as allauth_views
from allauth.mfa.base import views as mfa_views
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.totp import views as totp_views
from allauth.mfa.webauthn import views as webauthn_views
from django.contrib.auth.decorators import login_not_required
from django.urls import path, re_path, register_converter
from django.views.generic import RedirectView

from eboks.accounts import code_views, security_views, views
from eboks.accounts.signed_keys import SignedKey

register_converter(SignedKey, "signed")
urlpatterns = [
    path("logowanie/", views.LoginView.as_view(), name="account_login"),
    path("logowanie/kod/", code_views.sms_code, name="account_sms_code"),
    path("logowanie/aplikacja/", code_views.FactorView.as_view(), name="mfa_authenticate"),
    path(
        "logowanie/klucz/",
        login_not_required(webauthn_views.login_webauthn),
        name="mfa_login_webauthn",
    ),
    path("wylogowanie/", views.LogoutView.as_view(), name="account_logout"),
    path("nieaktywne/", allauth_views.account_inactive, name="account_inactive"),
    path("potwierdzenie/", views.ReauthenticateView.as_view(), name="account_reauthenticate"),
    path("potwierdzenie/aplikacja/", mfa_views.reauthenticate, name="mfa_reauthenticate"),
    path(
        "potwierdzenie/klucz/",
        webauthn_views.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
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
    path("bezpieczenstwo/", security_views.security, name="account_security"),
    path("bezpieczenstwo/sesje/", security_views.end_sessions, name="account_end_sessions"),
    path(
        "bezpieczenstwo/przegladarki/",
        security_views.forget_browsers,
        name="account_forget_browsers",
    ),
    path("bezpieczenstwo/blokada/", security_views.freeze_own, name="account_freeze_own"),
    re_path(
        r"^zablokuj/(?P<key>[0-9a-f]{32}-[0-9A-Za-z_-]{43})/$",
        security_views.freeze,
        name="account_freeze",
    ),
    path("telefon/", security_views.phone, name="account_phone"),
    path("email/", security_views.email, name="account_email"),
    re_path(
        r"^email/nowy/(?P<key>[0-9a-f]{32}-[0-9A-Za-z_-]{43})/$",
        security_views.confirm_email,
        name="account_confirm_email",
    ),
    path(
        "bezpieczenstwo/czynniki/",
        RedirectView.as_view(pattern_name="account_security"),
        name="mfa_index",
    ),
    path("aplikacja/", totp_views.activate_totp, name="mfa_activate_totp"),
    path("aplikacja/wylacz/", totp_views.deactivate_totp, name="mfa_deactivate_totp"),
    path("kody-zapasowe/", recovery_views.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "kody-zapasowe/nowe/",
        recovery_views.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "kody-zapasowe/pobierz/",
        recovery_views.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("klucze/", webauthn_views.list_webauthn, name="mfa_list_webauthn"),
    path("klucze/nowy/", webauthn_views.add_webauthn, name="mfa_add_webauthn"),
    path("klucze/<signed:pk>/usun/", webauthn_views.remove_webauthn, name="mfa_remove_webauthn"),
    path("klucze/<signed:pk>/nazwa/", webauthn_views.edit_webauthn, name="mfa_edit_webauthn"),
]
