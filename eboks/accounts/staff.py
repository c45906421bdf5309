"""The lessor's people: accounts made on the command line, with one of two sets of rights."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.contrib.auth.password_validation import validate_password
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from eboks.accounts.models import User
from eboks.events import security_event

_SEEN = Q(
    codename__startswith="view_",
    content_type__app_label__in=(
        *("accounts", "tenancy", "contracts", "invoicing", "documents", "feeds", "admin"),
        *("audit", "authorisation", "notifications", "onboarding"),
        *("exports", "jobs", "retention", "requests_app", "insurance", "fleet"),
        "portal",
    ),
)
_ACCESS = Q(
    content_type__app_label__in=("accounts", "tenancy", "notifications", "onboarding"),
    codename__in=(
        *("add_user", "change_user", "add_membership", "change_membership"),
        *("add_staffproposal", "change_staffproposal"),
        *("change_companychange", "change_outgoingmessage"),
        *("add_accessapplication", "change_accessapplication"),
    ),
) | Q(content_type__app_label="requests_app", codename="change_request")
# Policies, claims and what vehicles do are daily work of the service desk.
_SERVICE = (Q(codename__startswith="add_") | Q(codename__startswith="change_")) & Q(
    content_type__app_label__in=("insurance", "fleet")
)

# Where clients are told to pay: whoever books the money must not be able to send it elsewhere.
_PAYEE = Q(
    content_type__app_label="invoicing", content_type__model__in=("lessoraccount", "accountmask")
)

# Bank entries, fees, notes, exchange and reference rates, how long documents stay, requests and
# their rules. What is a log or
# money itself stays read-only whatever the rights (`ReadOnlyAdmin`).
_MONEY = (
    (Q(codename__startswith="add_") | Q(codename__startswith="change_"))
    & (
        Q(content_type__app_label__in=("invoicing", "retention", "requests_app"))
        | Q(content_type__app_label="contracts", content_type__model__contains="rate")
        | Q(content_type__app_label="contracts", content_type__model__contains="fixing")
    )
    & ~_PAYEE
)


class StaffRole(models.TextChoices):
    VIEW = "view", _("podgląd")
    SERVICE = "service", _("obsługa: podgląd i dostęp klientów")
    FINANCE = "finance", _("finanse: podgląd, księgowanie, faktury, opłaty i stopy")
    ADMIN = "admin", _("administrator")


_RIGHTS = {
    StaffRole.VIEW: _SEEN,
    StaffRole.SERVICE: _SEEN | _ACCESS | _SERVICE,
    StaffRole.FINANCE: _SEEN | _MONEY,
}


@transaction.atomic
def create_staff(
    *, username: str, email: str, role: StaffRole, password: str | None = None
) -> User:
    """Makes an account for the back office and returns it.

    Without `password` the person sets one through a link sent to `email`. ADMIN is a superuser.
    Raises ValidationError for a name or address that is taken and for a poor password.
    """
    user = User(username=username, email=email, is_staff=True)
    user.is_superuser = role == StaffRole.ADMIN
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    if password is not None:
        validate_password(password, user)
        user.set_password(password)
    user.save()
    if role in _RIGHTS:
        group, _made = Group.objects.get_or_create(name=_group_name(role))
        group.permissions.set(Permission.objects.filter(_RIGHTS[role]))
        user.groups.set([group])
    security_event("staff_made", result="ok", user_id=user.pk, role=str(role))
    return user


def refresh_rights(**_signal: object) -> None:
    """After tables were made or changed: every role has the rights of this version."""
    for role, rights in _RIGHTS.items():
        group = Group.objects.filter(name=_group_name(role)).first()
        if group is not None:
            group.permissions.set(Permission.objects.filter(rights))


def _group_name(role: StaffRole) -> str:
    return f"staff-{role}"
