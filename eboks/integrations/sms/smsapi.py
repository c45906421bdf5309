"""SMSAPI.pl: https://www.smsapi.pl/docs/ (sms.do, form fields in, JSON out).

`idx` with `check_idx=1`: a second call with the same number within a day is answered with error 53
and sends nothing, so a call whose answer was lost can safely be made again.
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings

from eboks.integrations.sms.client import Answer, Fate, SmsRefused, SmsUnavailable, SmsUnknown
from eboks.integrations.sms.http_json import as_object, call, failure

URL = "https://api.smsapi.pl/sms.do"
_ALREADY_SENT = 53
# The account's or the service's trouble, not the message's: authorisation (101, 102, 105, 110),
# credit (103), too many for one number or at once (52, 202, 203), their own errors (200, 201, 999).
_TRY_AGAIN = {52, 101, 102, 103, 105, 110, 200, 201, 202, 203, 999}


class SmsapiGateway:
    repeats_are_safe = True

    def send(self, *, id: str, to: str, text: str) -> Answer:  # noqa: A002 -- the contract's word
        fields = {
            "to": to.removeprefix("+"),
            "from": settings.SMSAPI_SENDER,
            "message": text,
            "format": "json",
            "encoding": "utf-8",
            "max_parts": "1",
            "idx": id.replace("-", ""),  # letters and digits only
            "check_idx": "1",
        }
        headers = {
            "Authorization": f"Bearer {settings.SMSAPI_TOKEN}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        answer = call(URL, urlencode(fields).encode(), headers)
        if answer.status != 200 and not answer.body.lstrip().startswith(b"{"):
            raise failure(answer.status)
        facts = as_object(answer.body)
        if facts.get("error") is not None:
            return _after_error(facts["error"], id)
        return _accepted(facts)

    def status(self, *, id: str) -> Fate:  # noqa: A002
        """Reports are found by SMSAPI's own number, which a lost answer did not bring."""
        return Fate.UNSURE


def _after_error(error: object, id: str) -> Answer:  # noqa: A002
    try:
        code = int(str(error))
    except ValueError:
        raise SmsUnknown("SMSAPI: nieznany błąd") from None
    if code == _ALREADY_SENT:
        return Answer(id, "wysłana wcześniej")
    if code in _TRY_AGAIN:
        raise SmsUnavailable(f"SMSAPI: błąd {code}")
    raise SmsRefused(f"SMSAPI: błąd {code}")


def _accepted(facts: dict[str, object]) -> Answer:
    rows = facts.get("list")
    if not isinstance(rows, list) or len(rows) != 1 or not isinstance(rows[0], dict):
        raise SmsUnknown("SMSAPI: nieznana odpowiedź")
    return Answer(str(rows[0].get("id", ""))[:80], str(rows[0].get("status", ""))[:100])
