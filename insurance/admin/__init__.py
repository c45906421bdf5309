"""Back office of insurance: one module a subject."""

from insurance.admin import claims, contacts, lapses, offers, policies, policy_parts

__all__ = ["claims", "contacts", "lapses", "offers", "policies", "policy_parts"]
