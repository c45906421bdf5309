"""Model fields with one meaning each."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models.functions import Abs
from django.db.models.lookups import LessThan


class MoneyField(models.DecimalField):  # type: ignore[type-arg]
    """An amount in the row's currency, two decimal places. Rounded before, by `eboks.money`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 14)
        kwargs.setdefault("decimal_places", 2)
        super().__init__(*args, **kwargs)


class RateField(models.DecimalField):  # type: ignore[type-arg]
    """Percent per year (or percentage points), six decimal places."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 9)
        kwargs.setdefault("decimal_places", 6)
        super().__init__(*args, **kwargs)


def adds_up(total: str, *parts: str) -> models.Q:
    """Condition `total` = sum of `parts`, for check constraints.

    SQLite keeps decimals as binary floats, so equality is asked to a tenth of a grosz.
    """
    difference: Any = models.F(total)
    for part in parts:
        difference = difference - models.F(part)
    return models.Q(LessThan(Abs(difference), Decimal("0.001")))
