"""The people of the demo: who they are, and the passwords of this installation.

A password is made of words picked by the installation's own secret key, so no two installations
share one and none stands in the source.
"""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from eboks.portal.demo.companies import Person
from eboks.tenancy.rights import Role

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OWNER_COMPANY, FLEET_COMPANY = "K900001", "K000001"
BACK_OFFICE, DRIVER = "demo-zaplecze", "demo-kierowca"
# Two, because what is delicate takes a second person.
STAFF = (BACK_OFFICE, "demo-zaplecze-2")
_WORDS = (
    *("bursztyn", "kasztan", "latarnia", "mostek", "pomidor", "rower", "sikorka", "tramwaj"),
    *("walizka", "zegar", "akacja", "bochenek", "cytryna", "dywan", "fontanna", "gitara"),
    *("huta", "iglica", "jarzyna", "kapelusz", "lampion", "mlecz", "nawias", "obraz"),
    *("parasol", "rabarbar", "szuflada", "topola", "ulica", "wiatrak", "zagadka", "altana"),
    *("balkon", "czapla", "drabina", "fajka", "grabie", "hamak", "jagoda", "koszyk"),
    *("lawenda", "marchew", "notes", "orzech", "pestka", "ratusz", "sanki", "tulipan"),
    *("ucho", "wanilia", "zeszyt", "baranek", "beczka", "cyrkiel", "dzwon", "filtr"),
    *("guzik", "haczyk", "imbir", "kluska", "lejek", "miska", "nitka", "okno"),
)


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """One log-in of the demo. `what` says in a few words what the person can see."""

    username: str
    email: str
    first_name: str
    last_name: str
    what: StrOrPromise
    phone: str  # invented; its codes are shown in the demo's own inbox
    mandates: tuple[tuple[str, Role], ...] = ()

    @property
    def password(self) -> str:
        """Four words and a number: 18 characters or more."""
        digest = salted_hmac("eboks.portal.demo", self.username, algorithm="sha256").digest()
        words = [_WORDS[byte % len(_WORDS)] for byte in digest[:4]]
        return "-".join([*words, str(100 + digest[4] + 2 * digest[5])])

    @property
    def totp_secret(self) -> str:
        """For an authenticator app (base32), where the person uses one."""
        digest = salted_hmac("eboks.portal.demo.totp", self.username, algorithm="sha256").digest()
        return b32encode(digest[:20]).decode()

    @property
    def people(self) -> list[Person]:
        """One row of the feed for each mandate."""
        return [
            Person(
                source_id=f"M{self.username}-{place}",
                username=self.username,
                email=self.email,
                first_name=self.first_name,
                last_name=self.last_name,
                phone=self.phone,
                company=company,
                role=role,
            )
            for place, (company, role) in enumerate(self.mandates, start=1)
        ]


LOGINS = (
    DemoLogin(
        "demo-wlasciciel",
        "jadwiga.zuk@trans-zuk.example",
        "Jadwiga",
        "Żuk",
        _("właścicielka i administratorka TRANS-ŻUK"),
        "+48600000001",
        ((OWNER_COMPANY, Role.OWNER),),
    ),
    DemoLogin(
        "demo-ksiegowa",
        "lucja.cwik@biuro-rachunkowe.example",
        "Łucja",
        "Ćwik",
        _("biuro rachunkowe sześciu firm"),
        "+48600000002",
        (
            (OWNER_COMPANY, Role.ACCOUNTANT),
            *((f"K{number:06d}", Role.ACCOUNTANT) for number in range(2, 7)),
        ),
    ),
    DemoLogin(
        "demo-flota",
        "marek.los@flota-pol.example",
        "Marek",
        "Łoś",
        _("kierownik floty FLOTA-POL, bez wglądu w finanse"),
        "+48600000003",
        ((FLEET_COMPANY, Role.FLEET),),
    ),
    DemoLogin(
        "demo-finanse",
        "ewa.sliwa@flota-pol.example",
        "Ewa",
        "Śliwa",
        _("finanse FLOTA-POL"),
        "+48600000004",
        ((FLEET_COMPANY, Role.FINANCE),),
    ),
    DemoLogin(
        "demo-podpis",
        "pawel.zuk@trans-zuk.example",
        "Paweł",
        "Żuk",
        _("osoba podpisująca TRANS-ŻUK, bez zarządzania osobami"),
        "+48600000005",
        ((OWNER_COMPANY, Role.SIGNATORY),),
    ),
    DemoLogin(
        DRIVER,
        "tomasz.rys@flota-pol.example",
        "Tomasz",
        "Ryś",
        _("kierowca FLOTA-POL, tylko przypisany pojazd"),
        "+48600000006",
        ((FLEET_COMPANY, Role.DRIVER),),
    ),
    DemoLogin(
        BACK_OFFICE,
        "zaplecze@przykladowyleasing.example",
        "Zbigniew",
        "Górski",
        _("pracownik leasingodawcy, panel /zaplecze/"),
        "+48600000009",
    ),
    DemoLogin(
        STAFF[1],
        "zaplecze-2@przykladowyleasing.example",
        "Halina",
        "Zięba",
        _("druga osoba w panelu /zaplecze/: zatwierdza"),
        "+48600000010",
    ),
)
