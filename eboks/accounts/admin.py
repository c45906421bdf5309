"""Back office: people who log in. Staff never see or choose a password; they can send a link."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from eboks.accounts import (
    freezing,
    proposal_admin,  # noqa: F401 -- registers more of this room's models
    services,
    tasks,
)
from eboks.accounts.models import User
from eboks.admin_site import BackOfficeAdmin, ReadOnlyAdmin, columns, list_links
from eboks.events import security_event
from eboks.onboarding import services as onboarding


@admin.register(User)
class UserAdmin(BackOfficeAdmin):
    """Clients' people. Staff accounts are made on the command line and are only looked at."""

    list_display = ("username", "last_name", "first_name", "email", "is_active", "last_visit_at")
    list_filter = ("is_active", "is_staff")
    find_by = (
        "username__istartswith",
        "email__istartswith",
        "last_name__istartswith",
        "phone__exact",
        "memberships__company__client_id__startswith",
        "memberships__company__nip__exact",
    )
    search_help_text = _("Identyfikator, e-mail, nazwisko, telefon albo klient")
    sortable_by = ("username", "last_name", "email")
    fields = (
        *("related", "username", "first_name", "last_name", "email", "phone", "language"),
        *("is_active", "has_password", "activated_at", "frozen_at"),
        *("last_visit_at", "previous_visit_at", "sessions_valid_from"),
    )
    masked_fields = ("phone", "email")
    actions = ("send_password_links", "end_sessions", "unfreeze")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is None:
            return self.fields
        fixed = {"phone"} if self.has_change_permission(request, obj) else {"phone", "email"}
        return columns(User, self.fields, masked=[n for n in self.hidden(request) if n in fixed])

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        seen = (
            *("related", "has_password", "activated_at", "frozen_at"),
            *("last_visit_at", "previous_visit_at"),
        )
        # The phone gets the codes: changing it takes two people.
        phone = columns(User, ["phone"], masked=self.hidden(request))
        fixed = ("username", *phone) if obj else ("is_active",)
        return (*seen, "sessions_valid_from", *fixed)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody reaches another member of the staff through their e-mail address."""
        if isinstance(obj, User) and (obj.is_staff or obj.is_superuser):
            return False
        return super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            services.switch_off(user_id=obj.pk, at=timezone.now())
        security_event(
            "user_changed" if change else "user_made",
            result="ok",
            actor_id=request.user.pk,
            user_id=obj.pk,
            fields=list(form.changed_data),
        )

    @admin.display(description=_("przejdź do"))
    def related(self, user: User) -> SafeString:
        links = list_links(
            user, [("tenancy.Membership", "user"), ("accounts.StaffProposal", "user")]
        )
        if user.is_staff:
            return links
        add = f"{reverse('admin:accounts_staffproposal_add')}?user={user.pk}"
        return format_html('{} · <a href="{}">{}</a>', links, add, _("zgłoś nowy telefon"))

    @admin.display(description=_("ma własne hasło"), boolean=True)
    def has_password(self, user: User) -> bool:
        return user.has_usable_password()

    @admin.action(description=_("Wyślij link do ustawienia hasła"), permissions=["change"])
    def send_password_links(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """A reset link; an invitation (link and SMS) for a person who has had no way in yet."""
        people = queryset.filter(is_active=True, is_staff=False).exclude(email="")
        done = 0
        for user in people.order_by("pk"):
            if not onboarding.awaits_activation(user):
                tasks.send_password_link.delay_on_commit(user_id=user.pk)
            elif not onboarding.resend(user=user, at=timezone.now(), by=cast("User", request.user)):
                text = gettext("%(person)s: brak numeru polskiego telefonu komórkowego.")
                self.message_user(request, text % {"person": user}, messages.ERROR)
                continue
            self._log(request, "password_link_started", user)
            done += 1
        self._say(request, done)

    @admin.action(description=_("Zakończ wszystkie sesje"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        people = queryset.filter(is_staff=False)
        for user in people.order_by("pk"):
            services.end_sessions(user_id=user.pk, at=timezone.now())
            self._log(request, "sessions_ended", user)
        self._say(request, people.count())

    @admin.action(description=_("Odblokuj konto"), permissions=["change"])
    def unfreeze(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """After the person has called and has been recognised."""
        frozen = queryset.filter(is_staff=False).exclude(frozen_at=None)
        done = [
            freezing.thaw(user=user, staff=cast("User", request.user), at=timezone.now())
            for user in frozen.order_by("pk")
        ]
        self._say(request, sum(done))

    def _log(self, request: HttpRequest, event: str, user: User) -> None:
        security_event(event, result="ok", actor_id=request.user.pk, user_id=user.pk)

    def _say(self, request: HttpRequest, count: int) -> None:
        text = ngettext("Zrobione dla %(count)d osoby.", "Zrobione dla %(count)d osób.", count)
        self.message_user(request, text % {"count": count}, messages.SUCCESS)


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnlyAdmin):
    """What was changed through the back office, and by whom."""

    list_display = ("action_time", "user", "content_type", "object_repr", "get_change_message")
    list_select_related = ("user", "content_type")
    search_fields = ()
    sortable_by = ()
