"""What a feed says of the people who act for the lessor's clients.

What a person did in the portal outlives a feed: an activated account keeps its own e-mail and
phone, a mandate that the client's administrator changed is only ever narrowed, and nothing that a
client can do in the portal makes a whole feed refused.
"""
# ruff: noqa: S608 -- names of tables and columns come from code, values are parameters

from __future__ import annotations

from django.conf import settings

from eboks.feeds.applying import Load
from eboks.feeds.columns import boolean, choice, code, date, email, text, token
from eboks.feeds.dialect import create_temporary_as, differs, new_uuid, random_text
from eboks.feeds.registry import Check, FileKind
from eboks.tenancy.rights import Role

PHONE = r"\+?[0-9][0-9 -]{5,18}"
_LANGUAGES = "|".join(language for language, _ in settings.LANGUAGES)
# An address that somebody chose in the portal, or was invited by: not the core's mistake.
_CHOSEN_HERE = (
    "(u.activated_at IS NOT NULL"
    " OR EXISTS (SELECT 1 FROM tenancy_membership m WHERE m.user_id = u.id"
    " AND m.invited_at IS NOT NULL)"
    " OR EXISTS (SELECT 1 FROM onboarding_invitation i WHERE i.user_id = u.id))"
)
_MATCHED = "LOWER(u.email) = LOWER(p.email) AND LOWER(u.username) <> LOWER(p.username)"
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
        token("phone", PHONE, "numer telefonu, np. +48601234567", required=False),
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
            " ON LOWER(u.email) = LOWER(s.email) WHERE LOWER(u.username) <> LOWER(s.username)"
            f" AND (u.is_staff OR NOT {_CHOSEN_HERE})",
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
            " WHERE m.source_system <> ''"  # one made in the portal is taken over
            " AND NOT (m.source_system = %(source_system)s AND m.source_id = s.source_id)",
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


def apply_people(load: Load) -> None:
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
    _adopt_accounts(load)
    _users(load)
    _memberships(load)


def _adopt_accounts(load: Load) -> None:
    """Accounts made in the portal get the user name by which the core knows the person.

    The same e-mail alone does not prove the same person once an account works: then the phone has
    to agree as well. Where it does not, the address stays with the account that has it and the
    core's person comes in without one.
    """
    digits = "REPLACE(REPLACE({}, ' ', ''), '-', '')".format
    load.execute(
        "UPDATE accounts_user AS u SET username = p.username FROM feed_persons p"
        f" WHERE {_MATCHED} AND {_CHOSEN_HERE}"
        " AND NOT (u.is_staff OR u.is_superuser)"
        " AND NOT EXISTS (SELECT 1 FROM accounts_user o WHERE LOWER(o.username) ="
        " LOWER(p.username))"
        " AND NOT EXISTS (SELECT 1 FROM tenancy_membership m WHERE m.user_id = u.id"
        " AND m.source_system <> '')"
        " AND (u.activated_at IS NULL AND u.password LIKE '!%%'"
        f" OR u.phone <> '' AND {digits('u.phone')} = {digits('p.phone')})"
    )
    load.execute(
        "UPDATE feed_persons AS p SET email = '' WHERE EXISTS"
        f" (SELECT 1 FROM accounts_user u WHERE {_MATCHED})"
    )


def _users(load: Load) -> None:
    # The language is the person's own choice once the account exists; e-mail and phone, once the
    # person has activated it (codes go there).
    values = {
        "email": "CASE WHEN u.activated_at IS NULL AND p.email <> '' THEN p.email ELSE u.email END",
        "first_name": "p.first_name",
        "last_name": "p.last_name",
        "phone": "CASE WHEN u.activated_at IS NULL AND p.phone <> '' THEN p.phone ELSE u.phone END",
    }
    different = " OR ".join(differs(f"u.{name}", value) for name, value in values.items())
    pairs = ", ".join(f"{name} = {value}" for name, value in values.items())
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
            "language": "COALESCE(NULLIF(p.language, ''), 'pl')",
            **{name: f"p.{name}" for name in values},
            "is_superuser": "FALSE",
            "is_staff": "FALSE",
            "is_active": "TRUE",
            "date_joined": "%(at)s",
        },
        "feed_persons p WHERE NOT EXISTS (SELECT 1 FROM accounts_user u"
        " WHERE LOWER(u.username) = LOWER(p.username)) ORDER BY p.line",
    )


def _memberships(load: Load) -> None:
    values = {name: f"s.{name}" for name in ("role", "is_active", "valid_from", "valid_to")}
    same = "m.source_system = %(source_system)s AND m.source_id = s.source_id"
    theirs = (
        "feed_people s JOIN accounts_user u ON LOWER(u.username) = LOWER(s.username)"
        " JOIN tenancy_company c ON c.source_system = %(source_system)s"
        " AND c.source_id = s.company"
    )
    # A mandate of the same person for the same company, made in the portal, is this one.
    load.execute(
        "UPDATE tenancy_membership AS m SET source_system = %(source_system)s,"
        f" source_id = s.source_id FROM {theirs}"
        " WHERE m.user_id = u.id AND m.company_id = c.id AND m.source_system = ''"
    )
    # What the client's administrator decided stays; the core may only end it.
    decided = {name: f"CASE WHEN m.is_kept_here THEN m.{name} ELSE s.{name} END" for name in values}
    decided["is_active"] = "(s.is_active AND (m.is_active OR NOT m.is_kept_here))"
    # An administrator sees the whole company, and a constraint says so.
    decided["is_limited"] = "(m.is_limited AND (m.is_kept_here OR s.role <> 'owner'))"
    pairs = ", ".join(f"{name} = {value}" for name, value in decided.items())
    changed = load.execute(
        f"UPDATE tenancy_membership AS m SET {pairs} FROM feed_people s WHERE {same}"
    )
    added = load.insert(
        "tenancy_membership",
        {
            "public_id": new_uuid(),
            "user_id": "u.id",
            "company_id": "c.id",
            **values,
            "is_limited": "FALSE",
            "is_kept_here": "FALSE",
            "invited_as": "''",
            "source_system": "%(source_system)s",
            "source_id": "s.source_id",
        },
        f"{theirs} WHERE NOT EXISTS (SELECT 1 FROM tenancy_membership m WHERE {same})"
        " ORDER BY s.line",
    )
    load.count("people", new=added, changed=changed)
