"""The demo lessor. It is invented, and its name says so."""

from __future__ import annotations

from typing import Any

from eboks.portal.demo.identifiers import nrb

_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48">'
    '<rect width="48" height="48" rx="10" fill="#0d5c63"/>'
    '<path d="M14 10h7v21h14v7H14z" fill="#ffffff"/>'
    '<circle cx="34" cy="15" r="5" fill="#ffb703"/></svg>'
)
LESSOR: dict[str, Any] = {
    "code": "przykladowy",
    "name": "Przykładowy Leasing S.A. (leasingodawca zmyślony)",
    "short_name": "Przykładowy Leasing",
    "nip": "9990000008",
    "regon": "999000006",
    "krs": "0000999000",
    "street": "ul. Zmyślona 1",
    "postcode": "00-001",
    "city": "Warszawa",
    "register_note": "Spółka zmyślona na potrzeby pokazu; nie ma jej w żadnym rejestrze.",
    "logo_svg": _LOGO,
    "brand_colour": "#0d5c63",
    "phone": "+48 22 000 00 00",
    "email": "pomoc@przykladowyleasing.example",
    "hours": "pon.–pt. 8:00–18:00",
    "is_demo": True,
    "accounts": [
        {"number": nrb(0, 1), "bank_name": "Bank Zmyślony S.A.", "currency": "PLN"},
        {"number": nrb(0, 2), "bank_name": "Bank Zmyślony S.A.", "currency": "EUR"},
    ],
}
MAIN_ACCOUNT: str = LESSOR["accounts"][0]["number"]
# As the columns of an invoice want it: name, NIP, address.
SELLER = (LESSOR["name"], LESSOR["nip"], "ul. Zmyślona 1, 00-001 Warszawa")
