"""Back office: what was sent to whom and what became of it. Codes and links are never here."""

from __future__ import annotations

from typing import cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from eboks.accounts.models import User
from eboks.admin_site import ReadOnlyAdmin
from eboks.notifications import again
from eboks.notifications.models import DeliveryTimes, OutgoingMessage, Preference


@admin.register(OutgoingMessage)
class OutgoingMessageAdmin(ReadOnlyAdmin):
    """To look at, and to send again what failed or may not have arrived."""

    masked_fields = ("address",)
    list_display = ("created_at", "kind", "channel", "user", "state", "provider_answer", "sent_at")
    list_filter = ("state", "channel", "is_security")
    list_select_related = ("user",)
    find_by = (
        "address__iexact",
        "user__username__istartswith",
        "user__email__istartswith",
        "user__last_name__istartswith",
        "company__client_id__startswith",
    )
    search_help_text = _("Adres albo telefon, osoba, identyfikator klienta")
    sortable_by = ()
    actions = ("send_again",)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and user.has_perm("notifications.change_outgoingmessage")

    @admin.action(description=_("Wyślij ponownie"), permissions=["resend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutgoingMessage]) -> None:
        """Failed messages and those of unknown fate; a code that has run out is not sent."""
        actor = cast("User", request.user)  # the back office lets nobody else in
        at = timezone.now()
        chosen = queryset.select_related("user", "company").order_by("pk")
        count = sum(again.send_again(message=row, actor=actor, at=at) for row in chosen)
        text = ngettext(
            "Wysyłamy ponownie %(count)d wiadomość.",
            "Wysyłamy ponownie %(count)d wiadomości.",
            count,
        )
        level = messages.SUCCESS if count else messages.WARNING
        self.message_user(request, text % {"count": count}, level)


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin):
    list_display = ("user", "kind", "channel", "is_wanted")
    list_filter = ("channel", "is_wanted")
    list_select_related = ("user",)
    find_by = ("user__username__istartswith", "user__email__istartswith")
    sortable_by = ()


@admin.register(DeliveryTimes)
class DeliveryTimesAdmin(ReadOnlyAdmin):
    list_display = ("user", "quiet_from", "quiet_to", "digest_at")
    list_select_related = ("user",)
    find_by = ("user__username__istartswith", "user__email__istartswith")
    sortable_by = ()
