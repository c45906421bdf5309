"""The settings of notifications as a form: a box for each kind and channel, and three hours."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.accounts.models import User
from eboks.notifications import preferences
from eboks.notifications.models import Channel, DeliveryTimes
from eboks.notifications.preferences import Choice

_CHANNELS = (Channel.EMAIL, Channel.SMS, Channel.BELL)


def _hour(label: Any, help_text: Any = "") -> forms.TimeField:
    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    return forms.TimeField(label=label, help_text=help_text, required=False, widget=widget)


class NotificationsForm(forms.Form):
    quiet_from = _hour(
        gettext_lazy("Cisza od"),
        gettext_lazy("Wtedy nie wyślemy e-maila ani SMS-a, poza sprawami bezpieczeństwa."),
    )
    quiet_to = _hour(gettext_lazy("Cisza do"))
    digest_at = _hour(
        gettext_lazy("E-maile zbiorczo o godzinie"),
        gettext_lazy("Jeden e-mail dziennie zamiast wielu. Puste: każdy od razu."),
    )

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        self._choices = preferences.choices(user=user)
        times = DeliveryTimes.objects.filter(user=user).first() or DeliveryTimes()
        hours = {name: getattr(times, name) for name in ("quiet_from", "quiet_to", "digest_at")}
        super().__init__(data, initial=hours)
        for kind, offered in self._choices:
            for choice in offered:
                box = forms.BooleanField(
                    required=False, initial=choice.is_wanted, disabled=choice.is_fixed
                )
                words = {"kind": kind.title, "channel": choice.channel.label}
                box.widget.attrs["aria-label"] = "{kind}: {channel}".format(**words)
                self.fields[choice.name] = box

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The table of what can be chosen: a kind and its boxes in the order of the heads."""
        return [
            {
                "title": kind.title,
                "boxes": [
                    next((self[c.name] for c in offered if c.channel == channel), None)
                    for channel in _CHANNELS
                ],
            }
            for kind, offered in self._choices
            if not _is_fixed(offered)
        ]

    @property
    def always(self) -> list[str]:
        """Titles of the kinds that nobody can switch off."""
        return [str(kind.title) for kind, offered in self._choices if _is_fixed(offered)]

    @property
    def wanted(self) -> dict[tuple[str, Channel], bool]:
        return {
            (choice.kind.name, choice.channel): self.cleaned_data[choice.name]
            for _kind, offered in self._choices
            for choice in offered
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = cleaned.get("quiet_from"), cleaned.get("quiet_to")
        if (start is None) != (end is None) and not self.errors:
            missing = "quiet_to" if end is None else "quiet_from"
            self.add_error(missing, _("Podaj obie godziny ciszy albo żadnej."))
        return cleaned


def _is_fixed(offered: Iterable[Choice]) -> bool:
    return all(choice.is_fixed for choice in offered)
