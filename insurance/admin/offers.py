"""Back office: renewal offers, making one, taking it back, issuing the policy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.accounts.models import User
from eboks.admin_site import ReadOnlyAdmin
from eboks.listing import clean_text
from insurance import gate, offers
from insurance.enums import OfferState
from insurance.models import Policy, RenewalOffer
from insurance.offer_forms import OfferForm
from insurance.offers import OfferError

_ADD, _CHANGE = "insurance.add_renewaloffer", "insurance.change_renewaloffer"
_LARGEST_KEY = 2**63
_LONGEST_NUMBER = 40
_LONGEST_KEY = 18  # digits


@admin.register(RenewalOffer)
class RenewalOfferAdmin(ReadOnlyAdmin):
    """Nothing is edited: an offer is made, withdrawn or issued by services."""

    list_display = (
        *("asset", "company", "insurer", "valid_from", "premium", "answer_by", "state"),
    )
    list_filter = ("state",)
    list_select_related = ("asset", "company", "insurer")
    find_by = (
        *("asset__plate__exact", "asset__vin__exact", "contract__number__exact"),
        *("company__client_id__exact", "company__name__icontains"),
    )
    search_help_text = gettext_lazy("Rejestracja, VIN, umowa albo klient")
    sortable_by = ("answer_by",)
    fields = (  # the risks stand above, in words
        *("company", "contract", "asset", "policy", "insurer", "valid_from", "valid_to"),
        *("premium", "currency", "instalment_count", "territory", "note", "answer_by", "state"),
        *("made_by", "made_at", "answered_at", "instruction", "issued_policy"),
    )
    change_form_template = "admin/insurance/offer.html"
    change_list_template = "admin/insurance/offers.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("przygotuj/", view(self.make), name="insurance_renewaloffer_make"),
            path("<int:pk>/wycofaj/", view(self.withdraw), name="insurance_renewaloffer_withdraw"),
            path("<int:pk>/wystaw/", view(self.issue), name="insurance_renewaloffer_issue"),
            *super().get_urls(),
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        row: RenewalOffer = kwargs["obj"]
        may = request.user.has_perm(_CHANGE)
        accepted = row.state == OfferState.ACCEPTED
        context |= {
            "row": row,
            "risks": [
                (cover.risk.label, gate.terms(cover, row.currency))
                for cover in offers.covers_of(row)
            ],
            "may_withdraw": may
            and (row.state == OfferState.OPEN or (accepted and not offers.is_theirs(row))),
            "may_issue": may and accepted and offers.is_theirs(row),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def make(self, request: HttpRequest) -> HttpResponse:
        """A new offer; `?policy=<key>` begins with the terms of the policy that ends."""
        if not request.user.has_perm(_ADD):
            raise PermissionDenied
        form = OfferForm(request.POST or None, ending=_ending(request.GET.get("policy", "")))
        if request.method == "POST" and form.is_valid():
            try:
                made = offers.make(new=form.offer(), actor=_staff(request), at=timezone.now())
            except OfferError as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Oferta przygotowana. Klient już wie."))
                return redirect("admin:insurance_renewaloffer_change", made.pk)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Przygotuj ofertę odnowienia"),
            "form": form,
            "ending": form.ending,
        }
        return TemplateResponse(request, "admin/insurance/offer_make.html", context)

    def withdraw(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(row: RenewalOffer, actor: User) -> str:
            offers.withdraw(offer=row, actor=actor, at=timezone.now())
            return _("Oferta wycofana.")

        return self._step(request, pk, step)

    def issue(self, request: HttpRequest, pk: int) -> HttpResponse:
        def step(row: RenewalOffer, actor: User) -> str:
            number = clean_text(request.POST.get("number"), _LONGEST_NUMBER)
            offers.issue(offer=row, number=number, actor=actor, at=timezone.now())
            return _("Polisa wystawiona. Klient już wie.")

        return self._step(request, pk, step)

    def _step(
        self, request: HttpRequest, pk: int, step: Callable[[RenewalOffer, User], str]
    ) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm(_CHANGE):
            raise PermissionDenied
        rows = RenewalOffer.objects.select_related("company", "contract", "asset", "insurer")
        row = rows.filter(pk=pk).first() if pk < _LARGEST_KEY else None
        if row is None:
            raise Http404
        try:
            messages.success(request, step(row, _staff(request)))
        except OfferError as error:
            messages.error(request, str(error))
        return redirect("admin:insurance_renewaloffer_change", row.pk)


def _ending(key: str) -> Policy | None:
    if not (key.isascii() and key.isdigit() and len(key) <= _LONGEST_KEY):
        return None
    rows = Policy.objects.select_related("asset__contract__company", "insurer")
    found: Policy | None = rows.filter(pk=int(key)).first()
    return found


def _staff(request: HttpRequest) -> User:
    return cast("User", request.user)
