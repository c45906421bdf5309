"""allauth's forms in our words. What they check is in the adapter and the validators."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

# Far above any real password; it only keeps a megabyte from being hashed.
_LONGEST_PASSWORD = 4096


def _plain(field: forms.Field, label: Any) -> None:
    """Our label, no placeholder (it would vanish while typing), a sane length."""
    field.label = label
    field.help_text = ""
    field.widget.attrs.pop("placeholder", None)


class LoginForm(allauth_forms.LoginForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=_("E-mail lub identyfikator klienta"),
            max_length=254,
            widget=forms.TextInput(
                attrs={
                    "autocomplete": "username",
                    "autocapitalize": "none",
                    "spellcheck": "false",
                }
            ),
        )
        _plain(self.fields["password"], _("Hasło"))
        self.order_fields(["login", "password"])

    @property
    def retry_seconds(self) -> int | None:
        """Seconds until another try makes sense, when this one was refused unread."""
        for error in self.non_field_errors().as_data():
            if error.code == "too_many_login_attempts":
                return (error.params or {}).get("seconds") or 0
        return None


class _NewPassword(forms.Form):
    """Two fields for a new password, which must be the same."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["password1"], _("Nowe hasło"))
        _plain(self.fields["password2"], _("Powtórz nowe hasło"))
        self.fields["password1"].help_text = password_hint()
        for name, field in self.fields.items():
            if isinstance(field, forms.CharField) and "password" in name:
                field.max_length = _LONGEST_PASSWORD


def password_hint() -> str:
    """What a good password is here, for the field's hint."""
    from eboks.accounts.validators import MinimumLength  # noqa: PLC0415 -- reads settings

    return MinimumLength().get_help_text()


class ChangePasswordForm(_NewPassword, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["oldpassword"], _("Obecne hasło"))
        self.order_fields(["oldpassword", "password1", "password2"])


class ResetPasswordKeyForm(_NewPassword, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    pass


class ResetPasswordForm(forms.Form):
    """Asks for a link by e-mail. Nothing is looked up here: a task does it, for anyone alike."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def save(self, request: HttpRequest) -> str:
        """Queues the look-up and the mail; returns the address typed."""
        from eboks.accounts import tasks  # noqa: PLC0415 -- leaf

        email: str = self.cleaned_data["email"]
        tasks.send_password_reset.delay_on_commit(email=email)
        return email


class UserTokenForm(allauth_forms.UserTokenForm):  # type: ignore[misc]
    """A reset link of somebody who has been switched off or frozen since is no good."""

    def _get_user(self, uidb36: str) -> Any:
        user = super()._get_user(uidb36)
        return user if user is not None and user.is_active and user.frozen_at is None else None


class ReauthenticateForm(allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["password"], _("Hasło"))
