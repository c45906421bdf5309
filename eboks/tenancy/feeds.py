"""What a feed says of the lessor's clients. The people who act for them: `people_feed`."""

from __future__ import annotations

from eboks.feeds.applying import Load
from eboks.feeds.columns import boolean, code, date, email, nip, text, token
from eboks.feeds.dialect import new_uuid
from eboks.feeds.registry import Document, FileKind, Registry, Step
from eboks.tenancy.company_overlay import lay_over
from eboks.tenancy.identifiers import validate_regon
from eboks.tenancy.lessor_feed import apply_lessor, read_lessor
from eboks.tenancy.people_feed import PEOPLE, PHONE, apply_people

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
        token("phone", PHONE, "numer telefonu, np. +48221234567", required=False),
        date("e_invoice_since", required=False),
        boolean("is_consumer", required=False),
        boolean("is_public_medical", required=False),
    ),
)


def register(registry: Registry) -> None:
    """Called once, when the app is ready."""
    registry.add_document(Document("lessor", "leasingodawca", read_lessor, apply_lessor))
    registry.add_kind(COMPANIES)
    registry.add_kind(PEOPLE)
    registry.add_step(Step("companies", "klienci", 10, _companies, ("tenancy_company",)))
    registry.add_step(Step("company_changes", "zmiany danych z portalu", 11, lay_over))
    registry.add_step(Step("people", "pełnomocnictwa", 20, apply_people, ("tenancy_membership",)))


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
        new={"public_id": new_uuid(), "contact_name": "''", "two_people_sign": "FALSE"},
    )
