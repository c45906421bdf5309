"""A gateway of the lessor's own: POST of `{id, to, text}` as JSON, answered with `{status}`.

200-202 with a JSON object means taken. 429, 500 and 503 mean: not taken, try again. Any other 4xx:
never. What is left (3xx, 502, 504, no answer, an answer that is no JSON) tells nothing.
"""

from __future__ import annotations

import json

from django.conf import settings

from eboks.integrations import http
from eboks.integrations.sms.client import (
    Answer,
    Fate,
    SmsError,
    SmsRefused,
    SmsUnavailable,
    SmsUnknown,
)

_TAKEN = {200, 201, 202}
# Not the message's fault, or no fault at all: the settings are wrong, or the gateway is busy.
_TRY_AGAIN = {401, 402, 403, 404, 408, 429, 500, 503}
_REFUSED_STATUSES = {"refused", "rejected", "error", "failed"}


class HttpJsonGateway:
    repeats_are_safe = False  # nobody promised it for every gateway

    def send(self, *, id: str, to: str, text: str) -> Answer:  # noqa: A002 -- the contract's word
        body = json.dumps({"id": id, "to": to, "text": text}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if settings.SMS_TOKEN:
            headers["Authorization"] = f"Bearer {settings.SMS_TOKEN}"
        answer = call(settings.SMS_URL, body, headers)
        if answer.status not in _TAKEN:
            raise failure(answer.status)
        facts = as_object(answer.body)
        status = str(facts.get("status", ""))[:100]
        if not status:
            raise SmsUnknown("odpowiedź bez pola status")
        if status.lower() in _REFUSED_STATUSES:
            raise SmsRefused(status)
        return Answer(str(facts.get("id", ""))[:80], status)

    def status(self, *, id: str) -> Fate:  # noqa: A002
        return Fate.UNSURE


def call(url: str, body: bytes, headers: dict[str, str]) -> http.HttpAnswer:
    """One call, its failures in the words of gateways."""
    try:
        return http.post(url, body=body, headers=headers)
    except http.NotSentError as error:
        raise SmsUnavailable(str(error)) from None
    except http.NoAnswerError as error:
        raise SmsUnknown(str(error)) from None


def failure(status: int) -> SmsError:
    if status in _TRY_AGAIN:
        return SmsUnavailable(f"HTTP {status}")
    if status in range(400, 500):
        return SmsRefused(f"HTTP {status}")
    return SmsUnknown(f"HTTP {status}")


def as_object(body: bytes) -> dict[str, object]:
    """The JSON object of an answer. Raises `SmsUnknown` for anything else."""
    try:
        found = json.loads(body)
    except ValueError:
        raise SmsUnknown("odpowiedź nie jest JSON-em") from None
    if not isinstance(found, dict):
        raise SmsUnknown("odpowiedź nie jest obiektem")
    return found
