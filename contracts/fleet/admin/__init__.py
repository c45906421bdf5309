"""Back office of the fleet: one module a subject."""

from contracts.fleet.admin import records

__all__ = ["records"]
