"""What each address of the portal is: who may open it and whose rows it shows.

A new route fails `tests/test_conventions.py` until it is entered here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from contracts.fleet.lists import LISTS as FLEET_LISTS
from eboks.tenancy.rights import Right
from requests_app.catalogue import types

# Open to people who have not logged in.
PUBLIC = {
    *("account_login", "account_logout", "account_inactive"),
    *("account_reset_password", "account_reset_password_done"),
    *("account_reset_password_from_key", "account_reset_password_from_key_done"),
    *("account_sms_code", "mfa_authenticate", "mfa_login_webauthn"),
    *("account_freeze", "account_confirm_email"),
    *("brand_css", "brand_logo", "set_language"),
    *("portal:help", "portal:security_txt"),
    *("invoicing:fee_table", "invoicing:fee_table_pdf"),
    *("onboarding:about", "onboarding:application", "onboarding:check", "onboarding:form_pdf"),
    *("onboarding:confirmation", "onboarding:supplement", "onboarding:supplement_link"),
    *("onboarding:activation", "onboarding:activation_link", "onboarding:send_password"),
    *("onboarding:new_link", "onboarding:new_link_sent"),
    *("requests_app:paper_ask", "requests_app:paper_check"),
    *("insurance:claim_contacts", "portal:calendar_feed"),
    "notifications:demo_inbox",  # in the embedded demo alone
}

# Change something, so they take POST alone.
POST_ONLY = {
    *("invoicing:select_items", "invoicing:basket_renew"),
    *("invoicing:report_withdraw", "invoicing:promise_withdraw"),
    *("set_language", "notifications:read", "tenancy:switch_company"),
    *("authorisation:renew", "authorisation:cancel"),
    "onboarding:send_password",
    *("requests_app:write", "requests_app:withdraw", "requests_app:remove_file"),
    *("account_end_sessions", "account_forget_browsers"),
    *("exports:delete", "exports:order_again"),
    *("exports:report_save", "exports:report_order", "exports:report_delete"),
    *("invoicing:invoice_choice", "invoicing:invoice_pack", "contracts:take_all"),
    "requests_app:end_vehicle_use",
    "mileage:withdraw",
    *("insurance:claim_add_files", "insurance:claim_withdraw"),
    "portal:calendar_revoke",
    *("insurance:policy_add_file", "insurance:policy_send_again", "insurance:policy_withdraw"),
    "insurance:offer_decline",
}


@dataclass(frozen=True)
class Case:
    """A route with a `public_id`: which row of `tests.world` it shows and by which right.

    Without a right the row is the owner's alone: nobody else of the company finds it.
    """

    row: str
    right: Right | None
    proof: bool = False  # asks for the password first (SEC-27)
    opens: int = 200  # what somebody with the right is answered
    inner: str = ""  # the row that a second id in the address (`change_id`) is of


OBJECTS = {
    "contracts:detail": Case("contract", Right.VIEW_CONTRACTS),
    "contracts:schedule": Case("contract", Right.VIEW_CONTRACTS),
    "contracts:schedule_pdf": Case("contract", Right.VIEW_CONTRACTS),
    "contracts:schedule_xlsx": Case("contract", Right.VIEW_CONTRACTS),
    "contracts:asset": Case("contract", Right.VIEW_CONTRACTS),
    "contracts:rate_change": Case("contract", Right.VIEW_CONTRACTS, inner="rate_change"),
    "contracts:rate_change_pdf": Case("contract", Right.VIEW_CONTRACTS, inner="rate_change"),
    "requests_app:simulation": Case("contract", Right.VIEW_FINANCE),
    "portal:contract_invoices": Case("contract", Right.VIEW_FINANCE),
    "portal:contract_documents": Case("contract", Right.VIEW_CONTRACTS),
    "requests_app:contract_end": Case("contract", Right.VIEW_FINANCE),
    "insurance:asset": Case("asset", Right.VIEW_INSURANCE),
    "insurance:contract": Case("contract", Right.VIEW_INSURANCE),
    "insurance:policy": Case("policy", Right.VIEW_INSURANCE),
    "vehicles:detail": Case("asset", Right.VIEW_VEHICLES),
    "fleet:vehicle": Case("asset", Right.VIEW_FLEET),
    "invoicing:invoice_detail": Case("invoice", Right.VIEW_FINANCE),
    "invoicing:invoice_pdf": Case("invoice", Right.VIEW_FINANCE),
    "invoicing:invoice_download": Case("invoice", Right.VIEW_FINANCE),
    "invoicing:basket": Case("basket", Right.VIEW_FINANCE),
    "invoicing:basket_pdf": Case("basket", Right.VIEW_FINANCE),
    "invoicing:basket_renew": Case("basket", Right.HANDLE_PAYMENTS, opens=302),
    "invoicing:report_proof": Case("report", Right.VIEW_FINANCE),
    "invoicing:report_withdraw": Case("report", Right.HANDLE_PAYMENTS, opens=302),
    "invoicing:promise_withdraw": Case("promise", Right.HANDLE_PAYMENTS, opens=302),
    "invoicing:balance_confirmation": Case("balance", Right.VIEW_FINANCE),
    "invoicing:balance_pdf": Case("balance", Right.VIEW_FINANCE),
    "invoicing:balance_answer": Case("balance", Right.SIGN),
    "requests_app:settlement": Case("contract", Right.VIEW_FINANCE),
    "authorisation:check": Case("instruction", Right.SIGN, opens=302),
    "authorisation:code": Case("instruction", Right.SIGN, opens=302),
    "authorisation:renew": Case("instruction", Right.SIGN, opens=404),  # its author's alone
    "authorisation:cancel": Case("instruction", Right.SIGN, opens=404),  # it is executed
    "authorisation:confirmation": Case("instruction", Right.SIGN),
    "authorisation:confirmation_pdf": Case("instruction", Right.SIGN),
    "requests_app:detail": Case("request", Right.FILE_REQUESTS),
    "requests_app:form": Case("request", Right.FILE_REQUESTS, opens=302),  # it is filed
    "requests_app:check": Case("request", Right.FILE_REQUESTS, opens=302),
    "requests_app:write": Case("request", Right.FILE_REQUESTS, opens=405),
    "requests_app:withdraw": Case("request", Right.FILE_REQUESTS, opens=405),
    "requests_app:file": Case("request_file", Right.FILE_REQUESTS),
    "requests_app:remove_file": Case("request_file", Right.FILE_REQUESTS, opens=405),
    "requests_app:paper": Case("request_paper", Right.FILE_REQUESTS),
    "requests_app:vehicle_paper": Case("vehicle_paper", Right.VIEW_VEHICLES),
    "mileage:enter": Case("asset", Right.ENTER_MILEAGE),
    "mileage:withdraw": Case("reading", Right.ENTER_MILEAGE, opens=302),
    "mileage:photo": Case("reading", Right.VIEW_VEHICLES),
    "contracts:take_all": Case("contract", Right.EXPORT_REPORTS, opens=405),
    "exports:download": Case("export_file", None),
    "exports:delete": Case("export_file", None, opens=405),
    "exports:order_again": Case("export_file", None, opens=405),
    "exports:report": Case("saved_report", None),
    "exports:report_order": Case("saved_report", None, opens=405),
    "exports:report_delete": Case("saved_report", None, opens=405),
    "requests_app:end_vehicle_use": Case("vehicle_use", Right.FILE_REQUESTS, opens=302),
    "insurance:claim": Case("claim", Right.VIEW_INSURANCE),
    "insurance:claim_reported": Case("claim", Right.VIEW_INSURANCE),
    "insurance:claim_file": Case("claim_file", Right.VIEW_INSURANCE),
    "insurance:claim_add_files": Case("claim", Right.HANDLE_INSURANCE, opens=405),
    "insurance:claim_withdraw": Case("claim", Right.HANDLE_INSURANCE, opens=405),
    "portal:calendar_revoke": Case("calendar_link", None, opens=405),
    "insurance:policy_add_file": Case("own_policy", Right.HANDLE_INSURANCE, opens=405),
    "insurance:policy_send_again": Case("own_policy", Right.HANDLE_INSURANCE, opens=405),
    "insurance:policy_withdraw": Case("own_policy", Right.HANDLE_INSURANCE, opens=405),
    "insurance:policy_file": Case("policy_file", Right.VIEW_INSURANCE),
    "insurance:offer": Case("renewal_offer", Right.VIEW_INSURANCE),
    "insurance:offer_decline": Case("renewal_offer", Right.HANDLE_INSURANCE, opens=405),
    "tenancy:person": Case("membership", Right.MANAGE_PEOPLE),
    "tenancy:person_edit": Case("membership", Right.MANAGE_PEOPLE, proof=True),
    "tenancy:person_suspend": Case("membership", Right.MANAGE_PEOPLE, proof=True),
    "tenancy:person_resume": Case("membership", Right.MANAGE_PEOPLE, proof=True),
    "tenancy:person_remove": Case("membership", Right.MANAGE_PEOPLE, proof=True),
    "tenancy:person_invite": Case("membership", Right.MANAGE_PEOPLE, proof=True),
}

# Lists and summaries that need a right which some roles lack: 403 for such a role.
LISTS = {
    "contracts:list": Right.VIEW_CONTRACTS,
    "contracts:rate_changes": Right.VIEW_CONTRACTS,
    "portal:search": Right.VIEW_CONTRACTS,
    "vehicles:list": Right.VIEW_VEHICLES,
    **dict.fromkeys(
        (f"fleet:{name}{ending}" for name in FLEET_LISTS for ending in ("", "_file")),
        Right.VIEW_FLEET,
    ),
    **dict.fromkeys(("insurance:list", "insurance:policies"), Right.VIEW_INSURANCE),
    **dict.fromkeys(("insurance:list_xlsx", "insurance:policies_xlsx"), Right.EXPORT_REPORTS),
    "contracts:list_xlsx": Right.EXPORT_REPORTS,
    **dict.fromkeys(("fleet:overview", "fleet:overview_xlsx", "fleet:outliers"), Right.VIEW_FLEET),
    "invoicing:invoice_list": Right.VIEW_FINANCE,
    "invoicing:settlements": Right.VIEW_FINANCE,
    "invoicing:statement": Right.VIEW_FINANCE,
    "invoicing:balance_confirmations": Right.VIEW_FINANCE,
    "invoicing:statement_pdf": Right.EXPORT_REPORTS,
    "invoicing:statement_xlsx": Right.EXPORT_REPORTS,
    "invoicing:paying": Right.VIEW_FINANCE,
    **dict.fromkeys(("requests_app:list", "requests_app:catalogue"), Right.FILE_REQUESTS),
    **{
        # Whoever files and sees money is whoever handles payments.
        f"requests_app:start_{name}": (
            Right.HANDLE_PAYMENTS
            if kind.is_financial and kind.right == Right.FILE_REQUESTS
            else kind.right
        )
        for name, kind in types().items()
        if not kind.begun_by_lessor
    },
    "invoicing:select_items": Right.HANDLE_PAYMENTS,
    "invoicing:report_payment": Right.HANDLE_PAYMENTS,
    "invoicing:promise_payment": Right.HANDLE_PAYMENTS,
    "retention:leaving": Right.VIEW_FINANCE,
    **dict.fromkeys(
        (
            *("invoicing:report_index", "invoicing:payments_ahead", "invoicing:extra_fees"),
            *("invoicing:insurance_costs", "invoicing:accounting"),
            *("invoicing:tax", "invoicing:vehicle_uses"),
            *(
                f"invoicing:report_{name}_{ending}"
                for name in ("platnosci", "oplaty", "ubezpieczenia", "ksiegowosc", "podatki")
                for ending in ("xlsx", "csv")
            ),
        ),
        Right.EXPORT_REPORTS,
    ),
    "invoicing:invoice_list_xlsx": Right.EXPORT_REPORTS,
    "invoicing:settlements_xlsx": Right.EXPORT_REPORTS,
    "invoicing:invoice_choice": Right.EXPORT_REPORTS,
    "invoicing:invoice_pack": Right.EXPORT_REPORTS,
    "invoicing:cost_report": Right.EXPORT_REPORTS,
    "invoicing:cost_report_xlsx": Right.EXPORT_REPORTS,
    "requests_app:vehicle_users": Right.FILE_REQUESTS,
    **dict.fromkeys(("insurance:claim_list", "insurance:claim_list_xlsx"), Right.VIEW_INSURANCE),
    "insurance:claim_new": Right.HANDLE_INSURANCE,
    "insurance:policy_new": Right.HANDLE_INSURANCE,
    "insurance:offers": Right.VIEW_INSURANCE,
    "tenancy:people": Right.MANAGE_PEOPLE,
    "tenancy:invite": Right.MANAGE_PEOPLE,
    "invoicing:e_invoices": Right.SIGN,
    "tenancy:two_people": Right.MANAGE_PEOPLE,
    "tenancy:company_data": Right.SIGN,
    "audit:activity": Right.VIEW_ACTIVITY,
    "audit:activity_xlsx": Right.VIEW_ACTIVITY,
}

# Pages of everybody who is logged in: about themselves, or showing what the role lets them see.
INSIDE = {
    *("portal:dashboard", "portal:company"),
    "portal:calendar",
    *("account_reauthenticate", "account_change_password", "extend_session"),
    *("notifications:list", "notifications:settings"),
    "authorisation:list",
    *("exports:list", "exports:reports"),
    *("account_security", "account_freeze_own", "account_phone", "account_email"),
    *("mfa_index", "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn"),
    *("mfa_generate_recovery_codes", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"),
}

# About factors of log-in that nobody in `tests.world` has: 404, or the password first.
FACTORS = {
    *("mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_download_recovery_codes"),
    *("mfa_remove_webauthn", "mfa_edit_webauthn"),
}

# Routes that take POST besides GET. With POST_ONLY, all that can change anything.
FORMS = {
    *("invoicing:report_payment", "invoicing:promise_payment"),
    *("account_reauthenticate", "account_change_password", "extend_session"),
    *("account_freeze_own", "account_phone", "account_email"),
    *("mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes"),
    *("mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_deactivate_totp"),
    *("mfa_remove_webauthn", "mfa_edit_webauthn"),
    "notifications:settings",
    "portal:calendar",
    "invoicing:balance_answer",
    "exports:report",
    "mileage:enter",
    *("tenancy:invite", "tenancy:two_people", "tenancy:company_data"),
    *("invoicing:e_invoices", "invoicing:vehicle_uses"),
    *("tenancy:person_edit", "tenancy:person_suspend", "tenancy:person_resume"),
    *("tenancy:person_remove", "tenancy:person_invite"),
    *("authorisation:check", "authorisation:code"),
    *("requests_app:form", "requests_app:check"),
    "insurance:claim_new",
    *("insurance:policy_new", "insurance:offer"),
    *(name for name in LISTS if name.startswith("requests_app:start_")),
}

# No page links there as things stand in `tests.world`: asked by scripts, on the way through a form,
# or only for something that waits, was suspended or is not signed yet.
BY_OTHER_MEANS = {
    "retention:leaving",  # from an invoice whose document is stored
    "requests_app:contract_end",  # from a contract that ends within 90 days
    *("extend_session", "account_reauthenticate"),
    *("mfa_index", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"),
    *("mfa_generate_recovery_codes", *FACTORS),
    *("authorisation:check", "authorisation:code"),
    *("tenancy:person_resume", "tenancy:person_invite"),
    *("requests_app:form", "requests_app:check"),  # of a draft
    "insurance:claim_reported",  # after the form of a damage
    *("insurance:policy_new", "insurance:offers"),  # until the list of policies links there
}

# Lists that ask for the password first.
PROOF = {"tenancy:invite", "tenancy:two_people", "tenancy:company_data"}


def ids_of(name: str, rows: dict[str, Any]) -> dict[str, Any]:
    """The ids in the address of the route `name` that shows a row of `rows` (`tests.world`)."""
    case = OBJECTS[name]
    found = {"public_id": rows[case.row].public_id}
    return found | ({"change_id": rows[case.inner].public_id} if case.inner else {})


@dataclass(frozen=True)
class Route:
    name: str
    pattern: URLPattern
    parameters: frozenset[str]


def portal_routes() -> list[Route]:
    """All routes outside the back office."""
    return [route for route in all_routes() if not route.name.startswith("admin:")]


def all_routes() -> list[Route]:
    return list(_walk(get_resolver(), "", frozenset()))


def _walk(resolver: URLResolver, prefix: str, parameters: frozenset[str]) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        found = parameters | frozenset(pattern.pattern.converters)
        found |= frozenset(pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _walk(pattern, inner, found)
        else:
            yield Route(f"{prefix}{pattern.name}", pattern, found)
