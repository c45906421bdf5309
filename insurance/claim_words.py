"""A claim in words: its look, what is next, and who must act."""

from __future__ import annotations

import unicodedata

from babel import Locale
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from insurance.enums import ClaimStatus

LOOKS = {
    ClaimStatus.REPORTED: "due",
    ClaimStatus.REGISTERED: "due",
    ClaimStatus.INSPECTION: "due",
    ClaimStatus.PARTIAL: "due",
    ClaimStatus.TOTAL: "bad",
    ClaimStatus.THEFT: "bad",
    ClaimStatus.AUTHORISED: "good",
    ClaimStatus.WITHHELD: "warn",
    ClaimStatus.PAID: "good",
    ClaimStatus.CLOSED: "ended",
    ClaimStatus.WITHDRAWN: "neutral",
}
_US, _INSURER, _YOU, _NOBODY = (
    _("leasingodawca"),
    _("ubezpieczyciel"),
    _("Twoja firma"),
    _("nikt, sprawa jest zakończona"),
)
# Who must act, and what is next.
NEXT: dict[ClaimStatus, tuple[str | Promise, str | Promise]] = {
    ClaimStatus.REPORTED: (
        _US,
        _("Sprawdzimy zgłoszenie i zarejestrujemy szkodę u ubezpieczyciela."),
    ),
    ClaimStatus.REGISTERED: (
        _INSURER,
        _("Ubezpieczyciel umówi oględziny albo poprosi o zdjęcia. Zadzwoni pod podany numer."),
    ),
    ClaimStatus.INSPECTION: (
        _INSURER,
        _("Po oględzinach ubezpieczyciel powie, czy szkoda jest częściowa, czy całkowita."),
    ),
    ClaimStatus.PARTIAL: (
        _YOU,
        _("Napraw przedmiot i poproś o upoważnienie do odbioru odszkodowania."),
    ),
    ClaimStatus.TOTAL: (
        _INSURER,
        _("Ubezpieczyciel wypłaca odszkodowanie leasingodawcy. Potem rozliczymy umowę."),
    ),
    ClaimStatus.THEFT: (
        _INSURER,
        _(
            "Ubezpieczyciel czeka na koniec sprawy na policji i wypłaca odszkodowanie"
            " leasingodawcy. Potem rozliczymy umowę."
        ),
    ),
    ClaimStatus.AUTHORISED: (
        _INSURER,
        _("Upoważnienie jest wydane. Ubezpieczyciel może wypłacić odszkodowanie."),
    ),
    ClaimStatus.WITHHELD: (
        _YOU,
        _("Zapłać zaległości. Wtedy wydamy upoważnienie do odbioru odszkodowania."),
    ),
    ClaimStatus.PAID: (_US, _("Odszkodowanie jest wypłacone. Sprawdzimy i zamkniemy sprawę.")),
    ClaimStatus.CLOSED: (_NOBODY, _("Sprawa jest zamknięta.")),
    ClaimStatus.WITHDRAWN: (_NOBODY, _("Zgłoszenie zostało wycofane. Nic się nie zmieniło.")),
}

# Where a Polish policy may be asked to work: Europe and the other countries of the Green Card.
COUNTRIES = (
    *("AL", "AD", "AM", "AT", "AZ", "BE", "BY", "BA", "BG", "HR", "ME", "CY", "CZ", "DK", "EE"),
    *("FI", "FR", "GR", "GE", "ES", "NL", "IE", "IS", "IL", "KZ", "XK", "LI", "LT", "LU", "LV"),
    *("MK", "MT", "MA", "MD", "MC", "DE", "NO", "PL", "PT", "RU", "RO", "SM", "RS", "SK", "SI"),
    *("CH", "SE", "TN", "TR", "UA", "HU", "GB", "IT"),
)


def country_choices() -> list[tuple[str, str]]:
    """(code, name) in the language of the page: Poland first, the others by name."""
    names = Locale.parse((get_language() or "pl").split("-")[0]).territories
    others = sorted(
        ((code, str(names.get(code, code))) for code in COUNTRIES if code != "PL"),
        key=lambda pair: _plain(pair[1]),
    )
    return [("PL", str(names.get("PL", "PL"))), *others]


def country_name(code: str) -> str:
    """`Niemcy`; an unknown code stands for itself."""
    return str(Locale.parse((get_language() or "pl").split("-")[0]).territories.get(code, code))


def _plain(name: str) -> str:
    """Letters without their marks, so that Ł does not come after Z."""
    bare = unicodedata.normalize("NFKD", name.casefold().replace("ł", "l"))
    return "".join(letter for letter in bare if not unicodedata.combining(letter))
