"""Back office of requests: one module a subject."""

from requests_app.admin import (
    complaints,
    countries,
    inquiries,
    requests,
    settlements,
    vehicle_uses,
)

__all__ = ["complaints", "countries", "inquiries", "requests", "settlements", "vehicle_uses"]
