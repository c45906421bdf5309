"""Of a company in `tests.world`: an own policy that waits for the check, its file, an offer."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone

from contracts.models import Asset
from eboks import clock
from eboks.accounts.models import User
from eboks.documents.services import store
from insurance.models import PolicyFile
from tests.insurance.factories import InsurerFactory, PolicyFactory, RenewalOfferFactory
from tests.insurance.own_rows import pdf_bytes


def make_own_policy(mark: str, owner: User, asset: Asset) -> dict[str, Any]:
    at = timezone.now()
    today = clock.today(at)
    company = asset.contract.company
    insurer = InsurerFactory()
    policy = PolicyFactory(
        asset=asset,
        insurer=insurer,
        source_system="portal",
        source_id=f"own-{mark}",
        number=f"POL {mark}"[:40],
        placement="own",
        policyholder=f"Holder {mark}",
        insured=f"Insured {mark}",
        verification="to_verify",
        author=owner,
        form_key=uuid.uuid4(),
        sent_at=at,
        valid_from=today,
        valid_to=today + dt.timedelta(days=364),
        risks=["oc", "ac"],
    )
    document = store(
        company=company,
        key=f"policy_file:{uuid.uuid4()}",
        content=pdf_bytes(mark),
        file_name=f"polisa {mark}.pdf",
        content_type="application/pdf",
        renderer="test",
        at=at,
    )
    file = PolicyFile.objects.create(
        policy=policy,
        author=owner,
        name=f"polisa {mark}.pdf",
        document=document,
        scan="clean",
        at=at,
    )
    offer = RenewalOfferFactory(
        policy=policy,
        valid_from=today + dt.timedelta(days=365),
        valid_to=today + dt.timedelta(days=729),
        answer_by=today + dt.timedelta(days=300),
        note=f"Uwaga {mark}",
    )
    return {"own_policy": policy, "policy_file": file, "renewal_offer": offer}
