"""Inviting people: an account without a password, and a link that lets its owner set one."""

from __future__ import annotations

import datetime as dt
import secrets

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower

from eboks.accounts.models import User
from eboks.audit.services import record
from eboks.codes import new_seed
from eboks.events import security_event
from eboks.notifications.models import Channel
from eboks.notifications.services import send_to
from eboks.onboarding.models import Invitation
from eboks.phones import is_mobile, normalise_mobile
from eboks.tenancy.models import Company

# Without letters and digits that are taken for each other on paper or over the phone.
ALPHABET = "ACDEFHJKMNPQRTUVWXY34679"
_NAME_LENGTH = 8
_TRIES = 5


def awaits_activation(user: User) -> bool:
    """Whether the person has never had a way in, so that a link may give them the first one.

    A link must not replace a password that somebody has: that would go round their second factor.
    """
    return (
        user.activated_at is None
        and user.is_active
        and not user.is_staff
        and not user.has_usable_password()
    )


@transaction.atomic
def invite(
    *,
    email: str,
    phone: str,
    first_name: str,
    last_name: str,
    language: str = "pl",
    invited_by: User | None,
    at: dt.datetime,
    company: Company | None = None,
    replace_phone: bool = False,
) -> User:
    """The person with this e-mail, made when there is none, and a link sent to those who wait.

    Nothing is sent to a person who has a password already: the caller tells them of what is new.
    What is known of an existing person stays; only the phone of one who still waits is set when
    it is missing, or with `replace_phone` (staff have checked the form). `company` is named in
    the mail. Raises ValidationError for a phone that codes cannot go to.
    """
    phone = normalise_mobile(phone)
    user = _find(email) or _make(
        email=email,
        phone=phone,
        first_name=first_name,
        last_name=last_name,
        language=language,
        at=at,
    )
    # The row is held: two invitations at once come one after another.
    user = User.objects.select_for_update().get(pk=user.pk)
    if not awaits_activation(user):
        return user
    if user.phone != phone and (replace_phone or not is_mobile(user.phone)):
        user.phone = phone
        user.save(update_fields=["phone"])
    _new_link(user=user, invited_by=invited_by, company=company, at=at)
    return user


@transaction.atomic
def resend(*, user: User, at: dt.datetime, by: User | None = None) -> Invitation | None:
    """A new link in the place of the earlier one; None when the person needs no link, or has no
    mobile number that the one-time password could go to.

    `by` is the member of the staff who asked for it.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if not awaits_activation(user) or not user.email or not is_mobile(user.phone):
        return None
    last = Invitation.objects.filter(user=user).order_by("-created_at", "-pk").first()
    return _new_link(
        user=user,
        invited_by=by or (last.invited_by if last else None),
        company=_company_of(user),
        at=at,
    )


def resend_asked(*, email: str, at: dt.datetime) -> None:
    """The person asked for a link on the public page. Does nothing for an unknown address.

    Runs in a task, so that the page answers alike whoever asks (SEC-07).
    """
    user = _find(email)
    if user is None:
        return
    pause = dt.timedelta(seconds=settings.SMS_RESEND_SECONDS)
    # A second press of the button brings no second mail, nor kills the link that is under way.
    if not Invitation.objects.filter(user=user, created_at__gt=at - pause).exists():
        resend(user=user, at=at)


def void_outdated(*, at: dt.datetime) -> int:
    """Closes invitations whose time is over; returns how many."""
    return live().filter(valid_until__lte=at).update(voided_at=at)


def live() -> QuerySet[Invitation]:
    """Neither used nor closed; whether the time is over is another question."""
    return Invitation.objects.filter(used_at__isnull=True, voided_at__isnull=True)


def _new_link(
    *, user: User, invited_by: User | None, company: Company | None, at: dt.datetime
) -> Invitation:
    live().filter(user=user).update(voided_at=at)
    invitation = Invitation.objects.create(
        user=user,
        email=user.email,
        phone=normalise_mobile(user.phone),
        seed=new_seed(),
        invited_by=invited_by,
        created_at=at,
        valid_until=at + dt.timedelta(seconds=settings.INVITATION_SECONDS),
    )
    send_to(
        kind="invitation",
        channel=Channel.EMAIL,
        address=user.email,
        at=at,
        key=f"invitation:{invitation.public_id}",
        user=user,
        company=company,
        language=user.language,
        facts={
            "inviter": inviter_name(invited_by),
            "company": company.name if company else "",
            "username": user.username,
            "hours": settings.INVITATION_SECONDS // 3600,
        },
        secret_source="invitation_link",  # noqa: S106 -- a name
        secret_ref=str(invitation.public_id),
    )
    security_event(
        "invitation_sent",
        result="ok",
        actor_id=invited_by.pk if invited_by else None,
        user_id=user.pk,
    )
    # A client who invites must not read in their own journal whether an account was there before.
    by_client = invited_by is not None and not invited_by.is_staff
    record(
        event="invitation_sent",
        at=at,
        actor=None if by_client else invited_by,
        company=None if by_client else company,
        subject=user,
    )
    return invitation


def inviter_name(person: User | None) -> str:
    """Who invites, for the person invited: a member of the staff speaks for the lessor."""
    return "" if person is None or person.is_staff else person.get_full_name()


def _company_of(user: User) -> Company | None:
    """The company that the person acts for, when there is just one."""
    companies = Company.objects.filter(memberships__in=user.memberships.active()).order_by("pk")[:2]
    return companies[0] if len(companies) == 1 else None


def _find(email: str) -> User | None:
    people = User.objects.alias(email_=Lower("email"))
    return people.filter(email_=email.strip().lower()).first() if email.strip() else None


def _make(
    *, email: str, phone: str, first_name: str, last_name: str, language: str, at: dt.datetime
) -> User:
    for _attempt in range(_TRIES):
        user = User(
            username=_client_id(),
            email=email.strip(),
            phone=phone,
            first_name=first_name,
            last_name=last_name,
            language=language,
            date_joined=at,
        )
        user.set_unusable_password()
        try:
            with transaction.atomic():
                user.save()
        except IntegrityError:  # somebody made the same person at this moment, or took the name
            found = _find(email)
            if found is not None:
                return found
        else:
            return user
    raise RuntimeError("no free client ID was found")


def _client_id() -> str:
    return "OS-" + "".join(secrets.choice(ALPHABET) for _ in range(_NAME_LENGTH))
