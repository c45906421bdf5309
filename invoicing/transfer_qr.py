"""QR codes of a transfer for Polish banking apps.

By the recommendation of the Polish Bank Association on a two-dimensional code for transfers
(3 December 2013, version 1.0): `NIP|PL|NRB|grosze|name|title|||`, UTF-8, low error correction,
printed no smaller than 1.8 cm. Amounts have six digits of grosze, names 20 characters, titles 32.
"""

from __future__ import annotations

import io
from decimal import Decimal

import segno
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

MOST = Decimal("9999.99")
NAME_LENGTH, TITLE_LENGTH = 20, 32
_NRB_LENGTH = 26


def why_not(*, account: str, amount: Decimal, currency: str) -> str:
    """Why there is no code for such a transfer, in words; empty when there is one."""
    if currency != "PLN":
        return _("Kod QR do przelewu działa tylko dla złotych.")
    if amount > MOST:
        return _("Kod QR do przelewu mieści najwyżej 9 999,99 zł. Skopiuj dane przelewu.")
    if len(account) != _NRB_LENGTH or amount <= 0:
        return _("Do tej wpłaty nie ma kodu QR.")
    return ""


def content(*, account: str, amount: Decimal, name: str, title: str, nip: str = "") -> str:
    """What the code says. `nip`: of the payee, asked of firms. Raises ValueError over `MOST`."""
    grosze = int(amount * 100)
    if not 0 < grosze <= int(MOST * 100):
        raise ValueError("the amount does not fit the code")
    fields = (nip, "PL", account, f"{grosze:06d}", name[:NAME_LENGTH], title[:TITLE_LENGTH])
    return "|".join([*(_plain(field) for field in fields), "", "", ""])


def svg(text: str) -> SafeString:
    """The code as an SVG drawing to stand in a page, without style and without numbers of size."""
    drawing = io.BytesIO()
    code = segno.make(text, error="l", boost_error=False, micro=False, encoding="utf-8")
    code.save(
        drawing,
        kind="svg",
        xmldecl=False,
        svgns=False,
        omitsize=True,
        svgclass="qr",
        lineclass=None,
        light="#fff",
        dark="#000",
        title=_("Kod QR przelewu"),
    )
    return mark_safe(drawing.getvalue().decode())  # noqa: S308 -- drawn by the package


def standing_alone(drawing: str) -> str:
    """The same drawing as a document of its own, for an image's address."""
    return drawing.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


def _plain(text: str) -> str:
    """A field cannot hold the separator, nor a line's end."""
    return " ".join(text.replace("|", " ").split()).strip()
