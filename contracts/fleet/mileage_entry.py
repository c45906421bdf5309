"""Mileage that people enter: checked against other readings, undone within a day."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contracts.fleet.enums import ReadingSource
from contracts.fleet.models import MileageReading
from contracts.lessees import lessee_at
from contracts.models import Asset
from eboks import clock
from eboks.accounts.models import User
from eboks.audit.events import Group, add_event
from eboks.audit.services import record
from eboks.documents import antivirus, uploads
from eboks.onboarding.scans import Scan as Picture
from eboks.tenancy.models import Company
from eboks.ui.words import number, short_date

KEY = "mileage_photo"
MOST_A_DAY = 2_000  # km: beyond, the person is asked whether it is no slip
UNDO_WITHIN = dt.timedelta(hours=24)
SOURCE = "portal"


class MileageError(Exception):
    """The reading cannot be entered; the text is for the person."""


class UnlikelyError(MileageError):
    """It can, once the person has confirmed that it is no slip."""


def register() -> None:
    """Called once, when the app is ready."""
    for name, text, group in (
        ("mileage_entered", gettext_lazy("wpisał(a) przebieg %(km)s km: %(vehicle)s"), Group.DATA),
        (
            "mileage_withdrawn",
            gettext_lazy("wycofał(a) przebieg %(km)s km: %(vehicle)s"),
            Group.DATA,
        ),
        (
            "mileage_photo_read",
            gettext_lazy("otworzył(a) zdjęcie licznika: %(vehicle)s"),
            Group.DOCUMENTS,
        ),
    ):
        add_event(name, text, group=group)


@transaction.atomic
def enter(
    *,
    asset: Asset,
    author: User,
    km: int,
    on: dt.date,
    form_key: uuid.UUID,
    at: dt.datetime,
    confirmed: bool = False,
    picture: Picture | None = None,
    file_name: str = "",
) -> MileageReading:
    """The odometer of `asset` (with its contract and company) as `author` read it on the day `on`.

    The same form sent twice is one reading. Raises MileageError for a day to come or before the
    lease, and for a figure that other readings contradict, UnlikelyError for a jump that was not
    confirmed.
    """
    same: QuerySet[MileageReading] = MileageReading.objects.filter(author=author, form_key=form_key)
    earlier = same.first()
    if earlier is not None:
        return earlier
    Asset.objects.select_for_update(of=("self",)).get(pk=asset.pk)
    company = asset.contract.company
    if on > clock.today(at):
        raise MileageError(_("Ten dzień jeszcze nie nadszedł."))
    # Whoever had the vehicle before has the clock of those days.
    if lessee_at(contract=asset.contract, day=on) != company:
        raise MileageError(_("Tego dnia pojazd nie był jeszcze w leasingu Twojej firmy."))
    _check(asset=asset, company=company, km=km, on=on, confirmed=confirmed)
    public_id = uuid.uuid4()
    document = None
    if picture is not None:
        kept = uploads.keep(company=company, key=KEY, picture=picture, file_name=file_name, at=at)
        public_id, document = kept.public_id, kept.document
    try:
        with transaction.atomic():
            reading: MileageReading = MileageReading.objects.create(
                public_id=public_id,
                company=company,
                asset=asset,
                on=on,
                km=km,
                source=ReadingSource.DRIVER,
                author=author,
                form_key=form_key,
                recorded_at=at,
                photo=document,
                scan=antivirus.first_state() if document else antivirus.Scan.CLEAN,
                source_system=SOURCE,
                source_id=str(public_id),
                as_of=clock.today(at),
            )
    except IntegrityError:  # sent twice at once
        if document is not None:
            uploads.forget(document)
        return same.get()
    if document is not None and settings.CLAMD_URL:
        from contracts.fleet import tasks  # noqa: PLC0415 -- tasks import the services

        transaction.on_commit(partial(tasks.scan_photo.delay, reading_id=reading.pk), robust=True)
    _note("mileage_entered", reading, actor=author, at=at)
    return reading


def _check(*, asset: Asset, company: Company, km: int, on: dt.date, confirmed: bool) -> None:
    """An odometer only grows, and not by more than a vehicle can go."""
    others = MileageReading.objects.filter(asset=asset, company=company, withdrawn_at=None)
    before = others.filter(on__lt=on).order_by("-km", "-on", "-pk").first()
    after = others.filter(on__gt=on).order_by("km", "on", "pk").first()
    if before is not None and km < before.km:
        raise MileageError(
            _("Dnia %(day)s licznik pokazywał już %(km)s km. Wpisz przebieg nie mniejszy.")
            % {"day": short_date(before.on), "km": number(before.km)}
        )
    if after is not None and km > after.km:
        raise MileageError(
            _("Dnia %(day)s licznik pokazywał %(km)s km. Wpisz przebieg nie większy.")
            % {"day": short_date(after.on), "km": number(after.km)}
        )
    if before is None or confirmed:
        return
    driven, days = km - before.km, (on - before.on).days
    if driven > MOST_A_DAY * days:
        raise UnlikelyError(
            _("Od %(day)s przybyło %(km)s km. Sprawdź licznik i potwierdź, że to się zgadza.")
            % {"day": short_date(before.on), "km": number(driven)}
        )


def can_withdraw(reading: MileageReading, *, actor: User, at: dt.datetime) -> bool:
    """Whether `actor` entered it less than 24 hours ago and has not taken it back."""
    return (
        reading.author_id == actor.pk
        and reading.withdrawn_at is None
        and reading.recorded_at is not None
        and at < reading.recorded_at + UNDO_WITHIN
    )


@transaction.atomic
def withdraw(*, reading: MileageReading, actor: User, at: dt.datetime) -> None:
    """Takes back what `actor` entered. Raises MileageError for somebody else's, after 24 hours, and
    the second time."""
    if not can_withdraw(reading, actor=actor, at=at):
        raise MileageError(
            _("Odczyt może wycofać osoba, która go wpisała, w ciągu 24 godzin od wpisania.")
        )
    rows = MileageReading.objects.filter(pk=reading.pk, withdrawn_at=None)
    if rows.update(withdrawn_at=at) != 1:
        raise MileageError(_("Ten odczyt jest już wycofany."))
    _note("mileage_withdrawn", reading, actor=actor, at=at)


def note_photo(reading: MileageReading, *, actor: User, at: dt.datetime) -> None:
    """Writes down that a photo of an odometer was opened."""
    _note("mileage_photo_read", reading, actor=actor, at=at)


def _note(event: str, reading: MileageReading, *, actor: User, at: dt.datetime) -> None:
    record(
        event=event,
        at=at,
        actor=actor,
        company=reading.company,
        object_kind="mileage_reading",
        object_ref=str(reading.public_id),
        facts={"km": number(reading.km), "vehicle": reading.asset.sign},
    )
