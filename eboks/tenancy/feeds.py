"""What a feed says of the lessor's clients and of the people who act for them."""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from django.conf import settings

from eboks.feeds.applying import Load
from eboks.feeds.columns import boolean, choice, code, date, email, nip, text, token
from eboks.feeds.dialect import create_temporary_as, differs, new_uuid, random_text
from eboks.feeds.registry import Check, Document, FileKind, Registry, Step
from eboks.tenancy.identifiers import validate_regon
from eboks.tenancy.lessor_feed import apply_lessor, read_lessor
from eboks.tenancy.rights import Role

_PHONE = r"\+?[0-9][0-9 -]{5,18}"
_LANGUAGES = "|".join(language for language, _ in settings.LANGUAGES)

COMPANIES = FileKind(
    name="companies",
    title="klient",
    order=10,
    table="tenancy_company",
    columns=(
        code("source_id"),
        code("client_id", max_length=20, unique=True),
        text("name", 200),
        text("legal_form", 60, required=False),
        nip("nip", required=False),
        token("regon", "[0-9]{9}(?:[0-9]{5})?", "9 cyfr", required=False, check=validate_regon),
        token("krs", "[0-9]{10}", "10 cyfr", required=False),
        text("street", 120),
        token("postcode", "[0-9A-Za-z -]{1,10}", "kod pocztowy, np. 00-950"),
        text("city", 80),
        token("country", "[A-Z]{2}", "kod kraju z dwóch liter", required=False),
        text("mail_street", 120, required=False),
        token("mail_postcode", "[0-9A-Za-z -]{1,10}", "kod pocztowy", required=False),
        text("mail_city", 80, required=False),
        email("email", required=False),
        token("phone", _PHONE, "numer telefonu, np. +48221234567", required=False),
        date("e_invoice_since", required=False),
        boolean("is_consumer", required=False),
        boolean("is_public_medical", required=False),
    ),
)

_ONE_PERSON = "username, email, first_name, last_name, phone, language"

PEOPLE = FileKind(
    name="people",
    title="pełnomocnictwo",
    order=20,
    table="tenancy_membership",
    columns=(
        code("source_id"),
        code("username", max_length=64),
        email("email"),
        text("first_name", 150),
        text("last_name", 150),
        token("phone", _PHONE, "numer telefonu, np. +48601234567", required=False),
        token("language", f"(?:{_LANGUAGES})", "język: pl, en albo uk", required=False),
        code("company", references="companies"),
        choice("role", Role),
        boolean("is_active"),
        date("valid_from", required=False),
        date("valid_to", required=False),
    ),
    checks=(
        Check(
            "username",
            "ta sama osoba ma w pliku różne dane (e-mail, imię, nazwisko, telefon lub język)",
            "SELECT MIN(line), MIN(username) FROM (SELECT MIN(line) AS line,"
            f" MIN(username) AS username FROM feed_people GROUP BY LOWER(username), {_ONE_PERSON}"
            ") p GROUP BY LOWER(username) HAVING COUNT(*) > 1",
        ),
        Check(
            "email",
            "ten adres mają w pliku osoby o różnych identyfikatorach",
            "SELECT MAX(line), MIN(email) FROM feed_people GROUP BY LOWER(email)"
            " HAVING COUNT(DISTINCT LOWER(username)) > 1",
        ),
        Check(
            "email",
            "ten adres ma już inna osoba",
            "SELECT s.line, s.email FROM feed_people s JOIN accounts_user u"
            " ON LOWER(u.email) = LOWER(s.email) WHERE LOWER(u.username) <> LOWER(s.username)",
        ),
        Check(
            "username",
            "to konto pracownika; paczka nie może go zmieniać",
            "SELECT s.line, s.username FROM feed_people s JOIN accounts_user u"
            " ON LOWER(u.username) = LOWER(s.username) WHERE u.is_staff OR u.is_superuser",
        ),
        Check(
            "company",
            "drugie pełnomocnictwo tej samej osoby dla tej samej firmy",
            "SELECT line, company FROM (SELECT line, company, ROW_NUMBER() OVER (PARTITION BY"
            " LOWER(username), company ORDER BY line) AS nth FROM feed_people) d WHERE nth > 1",
        ),
        Check(
            "company",
            "ta osoba ma już pełnomocnictwo dla tej firmy pod innym kluczem",
            "SELECT s.line, s.company FROM feed_people s"
            " JOIN accounts_user u ON LOWER(u.username) = LOWER(s.username)"
            " JOIN tenancy_company c ON c.source_system = %(source_system)s"
            " AND c.source_id = s.company"
            " JOIN tenancy_membership m ON m.user_id = u.id AND m.company_id = c.id"
            " WHERE NOT (m.source_system = %(source_system)s AND m.source_id = s.source_id)",
        ),
        Check(
            "company",
            "pełnomocnictwo o tym kluczu dotyczy innej osoby lub firmy; zakończ je i nadaj nowe",
            "SELECT s.line, s.company FROM feed_people s"
            " JOIN tenancy_membership m ON m.source_system = %(source_system)s"
            " AND m.source_id = s.source_id JOIN accounts_user u ON u.id = m.user_id"
            " JOIN tenancy_company c ON c.id = m.company_id"
            " WHERE LOWER(u.username) <> LOWER(s.username) OR c.source_id <> s.company",
        ),
        Check(
            "valid_to",
            "koniec ważności jest przed początkiem",
            "SELECT line, valid_to FROM feed_people WHERE valid_to < valid_from",
        ),
    ),
)


def register(registry: Registry) -> None:
    """Called once, when the app is ready."""
    registry.add_document(Document("lessor", "leasingodawca", read_lessor, apply_lessor))
    registry.add_kind(COMPANIES)
    registry.add_kind(PEOPLE)
    registry.add_step(Step("companies", "klienci", 10, _companies, ("tenancy_company",)))
    registry.add_step(Step("people", "pełnomocnictwa", 20, _people, ("tenancy_membership",)))


def _companies(load: Load) -> None:
    plain = {
        column.name: f's."{column.name}"'
        for column in COMPANIES.columns
        if column.name not in {"source_id", "country", "is_consumer", "is_public_medical"}
    }
    load.upsert(
        "companies",
        "tenancy_company",
        {
            **plain,
            "country": "COALESCE(NULLIF(s.country, ''), 'PL')",
            "is_consumer": "COALESCE(s.is_consumer, FALSE)",
            "is_public_medical": "COALESCE(s.is_public_medical, FALSE)",
        },
        new={"public_id": new_uuid()},
    )


def _people(load: Load) -> None:
    """Persons first (one row for each log-in), then their mandates.

    New people get a password that nothing matches: they activate the account themselves.
    """
    if not load.staged["people"]:
        return
    create_temporary_as(
        load.cursor,
        "feed_persons",
        "SELECT MIN(username) AS username, MIN(email) AS email, MIN(first_name) AS first_name,"
        " MIN(last_name) AS last_name, MIN(phone) AS phone, MIN(language) AS language,"
        " MIN(line) AS line FROM feed_people GROUP BY LOWER(username)",
    )
    language = "COALESCE(NULLIF(p.language, ''), 'pl')"
    names = ("email", "first_name", "last_name", "phone")
    different = " OR ".join(differs(f"u.{name}", f"p.{name}") for name in names)
    pairs = ", ".join(f"{name} = p.{name}" for name in names)
    # The language is the person's own choice once the account exists.
    load.execute(
        f"UPDATE accounts_user AS u SET {pairs} FROM feed_persons p"
        f" WHERE LOWER(u.username) = LOWER(p.username) AND ({different})"
    )
    load.insert(
        "accounts_user",
        {
            "public_id": new_uuid(),
            "username": "p.username",
            "password": f"'!' || {random_text()}",
            "language": language,
            **{name: f"p.{name}" for name in names},
            "is_superuser": "FALSE",
            "is_staff": "FALSE",
            "is_active": "TRUE",
            "date_joined": "%(at)s",
        },
        "feed_persons p WHERE NOT EXISTS (SELECT 1 FROM accounts_user u"
        " WHERE LOWER(u.username) = LOWER(p.username)) ORDER BY p.line",
    )
    values = {"role": "s.role", "is_active": "s.is_active", "valid_from": "s.valid_from"}
    values["valid_to"] = "s.valid_to"
    same = "m.source_system = %(source_system)s AND m.source_id = s.source_id"
    pairs = ", ".join(f"{name} = {value}" for name, value in values.items())
    changed = load.execute(
        f"UPDATE tenancy_membership AS m SET {pairs} FROM feed_people s WHERE {same}"
    )
    added = load.insert(
        "tenancy_membership",
        {
            "user_id": "u.id",
            "company_id": "c.id",
            **values,
            "source_system": "%(source_system)s",
            "source_id": "s.source_id",
        },
        "feed_people s JOIN accounts_user u ON LOWER(u.username) = LOWER(s.username)"
        " JOIN tenancy_company c ON c.source_system = %(source_system)s"
        " AND c.source_id = s.company"
        f" WHERE NOT EXISTS (SELECT 1 FROM tenancy_membership m WHERE {same}) ORDER BY s.line",
    )
    load.count("people", new=added, changed=changed)
