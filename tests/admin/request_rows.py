"""Rows about online requests for the back office's tests."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone

from contracts.models import LesseePeriod
from requests_app.models import (
    AuthorityInquiry,
    ComplaintTerm,
    Request,
    RequestFile,
    RequestMessage,
    RequestPaper,
    RequestStep,
    SettlementQuote,
)
from tests import factories as f
from tests.requests_app.con_01 import make_rule
from tests.world import make_vehicle_use


def make_request_rows(membership: Any, contract: Any, n: int) -> None:
    """A question that waits, with everything that may hang on it."""
    at = timezone.now()
    request = Request.objects.create(
        reference=f"W-AAAA-{n:04d}",
        kind="general-question",
        company=membership.company,
        contract=contract,
        author=membership.user,
        form_key=uuid.uuid4(),
        status="submitted",
        lines=[{"label": "Temat", "value": "Tablice"}],
        created_at=at,
        changed_at=at,
        submitted_at=at,
        answer_by=f.TODAY + dt.timedelta(days=n),
    )
    RequestStep.objects.create(
        request=request, before="draft", after="submitted", by="client", at=at
    )
    message = RequestMessage.objects.create(
        request=request,
        author=membership.user,
        form_key=uuid.uuid4(),
        from_staff=False,
        text="Kiedy?",
        at=at,
    )
    RequestFile.objects.create(
        request=request,
        message=message,
        author=membership.user,
        from_staff=False,
        name="skan.pdf",
        scan="clean",
        at=at,
    )
    ComplaintTerm.objects.create(
        client_kind="all",
        calendar_days=30,
        valid_from=f.TODAY + dt.timedelta(days=n),
        basis="do potwierdzenia",
        unanswered_means="do potwierdzenia",
    )
    rule = make_rule(valid_from=f.TODAY + dt.timedelta(days=n))
    SettlementQuote.objects.create(
        request=request,
        rule=rule,
        made_at=at,
        settle_on=f.TODAY,
        valid_until=f.TODAY,
        discount_pct=0,
        net=1,
        vat=0,
        gross=1,
    )
    asset = contract.assets.order_by("pk")[0]
    make_vehicle_use(f"L{n}", membership.user, asset)
    LesseePeriod.objects.create(
        contract=contract, company=contract.company, from_on=f.TODAY, as_of=f.TODAY
    )
    AuthorityInquiry.objects.create(
        request=request,
        authority="KMP",
        letter_no=f"RD-{n}",
        received_on=f.TODAY,
        deadline=f.TODAY,
        offence_at=at,
        plate="WX1",
        asset=asset,
        contract=contract,
    )
    RequestPaper.objects.create(
        request=request,
        number=f"W-AAAA-{n:04d}/PL",
        title="Zgoda",
        language="pl",
        text_version="1",
        check_code=f"CODE{n}",
        valid_from=f.TODAY,
        made_at=at,
    )
