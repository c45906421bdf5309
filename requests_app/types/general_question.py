"""A question that fits nothing else, with messages and files (domain 4.1)."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from eboks.form_fields import LineField, TextField
from requests_app.catalogue import Files, Group, RequestType, Subject
from requests_app.forms import RequestForm


class QuestionForm(RequestForm):
    topic = LineField(label=gettext_lazy("Czego dotyczy pytanie"), max_length=120)
    text = TextField(label=gettext_lazy("Twoje pytanie"), rows=8)


TYPE = RequestType(
    name="general-question",
    title=gettext_lazy("Pytanie"),
    summary=gettext_lazy("Gdy nie ma tu Twojej sprawy: napisz, odpowiemy w portalu"),
    group=Group.COMPANY,
    form=QuestionForm,
    subject=Subject.COMPANY,
    files=Files.WELCOME,
    next_step=gettext_lazy("Odpowiemy tutaj, w wiadomościach do wniosku."),
    lines=lambda form: [
        (_("Temat"), form.cleaned_data["topic"]),
        (_("Pytanie"), form.cleaned_data["text"]),
    ],
    facts=lambda form: {"topic": form.cleaned_data["topic"]},
)
