"""The people of the demo: who they are, and the passwords of this installation.

A password is made of words picked by the installation's own secret key, so no two installations
share one and none stands in the source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from eboks.portal.demo.companies import Person
from eboks.tenancy.rights import Role

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OWNER_COMPANY, FLEET_COMPANY = "K900001", "K000001"
BACK_OFFICE = "demo-zaplecze"
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
    mandates: tuple[tuple[str, Role], ...] = ()

    @property
    def password(self) -> str:
        """Four words and a number: 18 characters or more."""
        digest = salted_hmac("eboks.portal.demo", self.username, algorithm="sha256").digest()
        words = [_WORDS[byte % len(_WORDS)] for byte in digest[:4]]
        return "-".join([*words, str(100 + digest[4] + 2 * digest[5])])

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
                phone="+48000000000",
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
        _("właścicielka TRANS-ŻUK, pięć osób w firmie"),
        ((OWNER_COMPANY, Role.OWNER),),
    ),
    DemoLogin(
        "demo-ksiegowa",
        "lucja.cwik@biuro-rachunkowe.example",
        "Łucja",
        "Ćwik",
        _("biuro rachunkowe sześciu firm"),
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
        ((FLEET_COMPANY, Role.FLEET),),
    ),
    DemoLogin(
        "demo-finanse",
        "ewa.sliwa@flota-pol.example",
        "Ewa",
        "Śliwa",
        _("finanse FLOTA-POL"),
        ((FLEET_COMPANY, Role.FINANCE),),
    ),
    DemoLogin(
        BACK_OFFICE,
        "zaplecze@przykladowyleasing.example",
        "Zbigniew",
        "Górski",
        _("pracownik leasingodawcy, panel /zaplecze/"),
    ),
)
