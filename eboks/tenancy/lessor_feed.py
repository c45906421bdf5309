"""The lessor's own profile in a feed: lessor.json."""

from __future__ import annotations

import json
import re
from typing import Any

from django.core.exceptions import ValidationError

from eboks.feeds.applying import Load
from eboks.feeds.manifest import Manifest
from eboks.feeds.problems import Problems
from eboks.tenancy.models import LessorAccount, LessorProfile

_FIELDS = (
    "code",
    "name",
    "short_name",
    "nip",
    "regon",
    "krs",
    "street",
    "postcode",
    "city",
    "register_note",
    "logo_svg",
    "brand_colour",
    "phone",
    "email",
    "hours",
)
_REQUIRED = ("code", "name", "short_name", "nip", "street", "postcode", "city")
_ACCOUNT_FIELDS = {"number", "bank_name", "currency"}
# A logo is drawn with shapes only: no scripts, links, styles or foreign content.
_SVG_TAGS = {
    "svg",
    "g",
    "path",
    "rect",
    "circle",
    "ellipse",
    "polygon",
    "polyline",
    "line",
    "title",
}
_SVG_TAG = re.compile(r"<\s*/?\s*([A-Za-z:!?-]+)([^>]*)>")
_SVG_BAD_ATTRIBUTE = re.compile(
    r"(?:^|[\s\"'/])(?:on|style|href|xlink)[\w:-]*\s*=|url\(", re.IGNORECASE
)


def read_lessor(file: str, raw: bytes, manifest: Manifest, problems: Problems) -> Any:
    """The checked content of lessor.json, or None with the reasons in `problems`."""
    before = len(problems.found)
    try:
        data = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        problems.add(file, "to nie jest poprawny JSON zapisany w UTF-8")
        return None
    if not isinstance(data, dict):
        problems.add(file, "na najwyższym poziomie potrzebny jest obiekt")
        return None
    for name in sorted(data.keys() - {*_FIELDS, "accounts", "is_demo"}):
        problems.add(file, "nieznane pole", column=name)
    for name in _REQUIRED:
        if not data.get(name):
            problems.add(file, "wartość jest wymagana", column=name)
    for name in _FIELDS:
        if not isinstance(data.get(name, ""), str):
            problems.add(file, "potrzebny jest tekst", column=name)
    if not isinstance(data.get("is_demo", False), bool):
        problems.add(file, "potrzebne jest true albo false", column="is_demo")
    if data.get("code") not in {None, manifest.lessor}:
        reason = f"plik innego leasingodawcy niż manifest ({manifest.lessor})"
        problems.add(file, reason, column="code", value=data["code"])
    if len(problems.found) == before:
        _check_values(file, data, problems)
        _check_logo(file, data.get("logo_svg", ""), problems)
    _check_accounts(file, data.get("accounts", []), problems)
    return data if len(problems.found) == before else None


def _check_values(file: str, data: dict[str, Any], problems: Problems) -> None:
    profile = LessorProfile(**{name: data[name] for name in _FIELDS if name in data})
    _clean(file, profile, ["phone", "email", "hours"], data, problems, "")


def _clean(
    file: str,
    row: LessorProfile | LessorAccount,
    may_be_empty: list[str],
    data: dict[str, Any],
    problems: Problems,
    where: str,
) -> None:
    try:
        row.clean_fields(exclude=[name for name in may_be_empty if not data.get(name)])
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            problems.add(file, messages[0], column=where + name, value=data.get(name))


def _check_logo(file: str, logo: str, problems: Problems) -> None:
    tags = _SVG_TAG.findall(logo)
    plain = not re.search(r"[<>]", _SVG_TAG.sub("", logo))
    good = not logo or (
        plain
        and logo.startswith("<svg")
        and all(
            tag in _SVG_TAGS and not _SVG_BAD_ATTRIBUTE.search(attributes)
            for tag, attributes in tags
        )
    )
    if not good:
        reason = "logo może mieć tylko kształty SVG, bez skryptów, stylów i odnośników"
        problems.add(file, reason, column="logo_svg")


def _check_accounts(file: str, accounts: Any, problems: Problems) -> None:
    if not isinstance(accounts, list):
        problems.add(file, "potrzebna jest lista", column="accounts")
        return
    for place, account in enumerate(accounts):
        where = f"accounts[{place}]."
        if not isinstance(account, dict) or account.keys() != _ACCOUNT_FIELDS:
            reason = "rachunek ma pola number, bank_name i currency"
            problems.add(file, reason, column=where)
        elif not all(isinstance(value, str) for value in account.values()):
            problems.add(file, "potrzebny jest tekst", column=where)
        else:
            _clean(file, LessorAccount(**account), ["lessor"], account, problems, where)


def apply_lessor(load: Load, data: Any) -> None:
    """Make or change the one profile; accounts that are not named any more stay."""
    fields = {name: data[name] for name in (*_FIELDS, "is_demo") if name in data}
    profile, made = LessorProfile.objects.update_or_create(code=data["code"], defaults=fields)
    for account in data.get("accounts", []):
        LessorAccount.objects.update_or_create(
            number=account["number"],
            defaults={
                "lessor": profile,
                "bank_name": account["bank_name"],
                "currency": account["currency"],
            },
        )
    load.count("lessor", new=int(made), changed=int(not made))
