"""A row of each thing about bank statements, for the back office's lists."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from contracts.models import Contract
from invoicing.accounts import nrb
from invoicing.enums import (
    AccountScope,
    BankFileState,
    EntryState,
    MatchRule,
    StatementState,
    WaitReason,
)
from invoicing.models import (
    AccountMask,
    BankDialect,
    BankEntry,
    BankFile,
    BankStatement,
    LessorAccount,
    VirtualAccount,
)
from tests import factories as f


def make_bank_rows(contract: Contract, n: int) -> None:
    """`n` keeps unique columns apart. The last entry waits for a person."""
    now = timezone.now()
    dialect, _made = BankDialect.objects.get_or_create(
        code=f"bank-{n}", defaults={"title": f"Bank {n}"}
    )
    account = LessorAccount.objects.create(
        number=nrb("99900009", f"1111{n:012d}"), title="Główny", dialect=dialect
    )
    mask = AccountMask.objects.create(
        sort_code="99900009",
        layout="8888UUUUUUUUNNNN",
        scope=AccountScope.CONTRACT,
        valid_from=f.TODAY - dt.timedelta(days=n + 400),
    )
    VirtualAccount.objects.create(
        number=nrb("99900009", f"8888{n:012d}"),
        company=contract.company,
        contract=contract,
        mask=mask,
        created_at=now,
    )
    file = BankFile.objects.create(
        name=f"w{n}.sta",
        sha256=f"{n:064d}",
        size=100,
        state=BankFileState.REFUSED,
        problems="wiersz 3, :61:: Pole ma zły zapis.",
        read_at=now,
        kept_as=f"w{n}.sta",
    )
    for number, state in enumerate((StatementState.BOOKED, StatementState.WAITING), 1):
        statement = BankStatement.objects.create(
            account=account,
            file=file,
            number=number,
            year=2026,
            closed_on=f.TODAY,
            currency="PLN",
            opening=0,
            closing=10,
            entry_count=1,
            state=state,
            wait_reason=WaitReason.GAP if state == StatementState.WAITING else "",
            imported_at=now,
        )
        payment = f.PaymentFactory(
            company=contract.company,
            contract=contract,
            source_system="bank",
            amount=10,
            payer_account="10114010100000555566667777",
        )
        for place, (kind, rule) in enumerate(
            ((EntryState.MATCHED, MatchRule.VIRTUAL_ACCOUNT), (EntryState.QUEUED, "")), 1
        ):
            BankEntry.objects.create(
                statement=statement,
                position=place,
                reference_key=f"{n}:{number}:{place}",
                bank_reference=f"REF{n}{number}{place}",
                booked_on=f.TODAY,
                value_on=f.TODAY,
                amount=10,
                currency="PLN",
                counterparty_name=contract.company.name,
                counterparty_account="10114010100000555566667777",
                title=f"rata {contract.number}",
                state=kind,
                rule=rule,
                payment=payment if kind == EntryState.MATCHED else None,
            )
