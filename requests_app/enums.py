"""States of a request in one table, and who may lead it where (domain 4.1)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    DRAFT = "draft", _("szkic")
    SUBMITTED = "submitted", _("złożony")
    IN_REVIEW = "in_review", _("rozpatrujemy")
    NEEDS_CUSTOMER = "needs_customer", _("do uzupełnienia")
    APPROVED = "approved", _("zgoda")
    REJECTED = "rejected", _("odmowa")
    PRODUCED = "produced", _("dokument gotowy")
    CLOSED = "closed", _("załatwiony")
    WITHDRAWN = "withdrawn", _("wycofany")
    EXPIRED = "expired", _("wygasł")


class By(models.TextChoices):
    """In whose name a step was made. Clients read this, never the name of a member of staff."""

    CLIENT = "client", _("klient")
    STAFF = "staff", _("obsługa leasingodawcy")
    PORTAL = "portal", _("portal")


# Target: from where, and who may.
STEPS: dict[Status, tuple[frozenset[Status], frozenset[By]]] = {
    Status.SUBMITTED: (
        frozenset({Status.DRAFT, Status.NEEDS_CUSTOMER}),
        frozenset({By.CLIENT, By.STAFF}),
    ),
    Status.IN_REVIEW: (frozenset({Status.SUBMITTED}), frozenset({By.STAFF})),
    # From a draft: a matter that the lessor itself begins, such as a letter of an authority.
    Status.NEEDS_CUSTOMER: (
        frozenset({Status.DRAFT, Status.SUBMITTED, Status.IN_REVIEW}),
        frozenset({By.STAFF}),
    ),
    Status.APPROVED: (
        frozenset({Status.SUBMITTED, Status.IN_REVIEW}),
        frozenset({By.STAFF, By.PORTAL}),
    ),
    Status.REJECTED: (frozenset({Status.SUBMITTED, Status.IN_REVIEW}), frozenset({By.STAFF})),
    Status.PRODUCED: (frozenset({Status.APPROVED}), frozenset({By.PORTAL, By.STAFF})),
    Status.CLOSED: (
        frozenset({Status.APPROVED, Status.PRODUCED}),
        frozenset({By.PORTAL, By.STAFF}),
    ),
    Status.WITHDRAWN: (
        frozenset({Status.DRAFT, Status.SUBMITTED, Status.IN_REVIEW, Status.NEEDS_CUSTOMER}),
        frozenset({By.CLIENT}),
    ),
    Status.EXPIRED: (frozenset({Status.DRAFT, Status.NEEDS_CUSTOMER}), frozenset({By.PORTAL})),
}

# Waits for the lessor; the service clock runs.
WITH_STAFF = (Status.SUBMITTED, Status.IN_REVIEW)
# Not done with: of an exclusive kind there is one, so that nothing agreed on is agreed on twice.
OPEN = (*WITH_STAFF, Status.NEEDS_CUSTOMER, Status.APPROVED, Status.PRODUCED)
ENDED = (Status.REJECTED, Status.CLOSED, Status.WITHDRAWN, Status.EXPIRED)


class FeeState(models.TextChoices):
    FREE = "free", _("bez opłaty")
    DUE = "due", _("naliczymy po zgodzie")
    CHARGED = "charged", _("naliczona")
    CORE = "core", _("do naliczenia w systemie głównym")
    CORE_DONE = "core_done", _("naliczona w systemie głównym")
    WAIVED = "waived", _("nie naliczamy")


class Reminder(models.TextChoices):
    """What staff were last reminded of in the term of a request."""

    SOON = "soon", _("termin się kończy")
    LATE = "late", _("termin minął")


# The look of a status tag, and what a client does or waits for.
LOOKS = {
    Status.DRAFT: "neutral",
    Status.SUBMITTED: "due",
    Status.IN_REVIEW: "due",
    Status.NEEDS_CUSTOMER: "warn",
    Status.APPROVED: "good",
    Status.REJECTED: "bad",
    Status.PRODUCED: "good",
    Status.CLOSED: "good",
    Status.WITHDRAWN: "neutral",
    Status.EXPIRED: "neutral",
}
