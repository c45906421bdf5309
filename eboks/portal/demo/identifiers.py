"""Identifiers with right check digits. Accounts lie in a bank that does not exist."""

from __future__ import annotations

from random import Random

# Bank 999 is given to nobody, so no made-up account can ever receive money. The weighted sum of
# a sort code's digits (3, 9, 7, 1 …) ends in 0.
SORT_CODE = "99900009"
_NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)
_REGON_WEIGHTS = (8, 9, 2, 3, 4, 5, 6, 7)
_VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"  # without I, O, Q (ISO 3779)
_VIN_CHARACTERS = _VIN_LETTERS + "0123456789"


def nip(random: Random) -> str:
    while True:
        digits = [random.randint(1, 9), *(random.randint(0, 9) for _ in range(8))]
        check = _weighted(digits, _NIP_WEIGHTS) % 11
        if check < 10:
            return "".join(map(str, [*digits, check]))


def regon(random: Random) -> str:
    digits = [random.randint(0, 9) for _ in range(8)]
    check = _weighted(digits, _REGON_WEIGHTS) % 11 % 10
    return "".join(map(str, [*digits, check]))


def krs(random: Random) -> str:
    return f"0000{random.randint(100_000, 999_999)}"


def nrb(client: int, place: int) -> str:
    """The account number `place` of client `client`: 26 digits, modulo 97 (domain spec 3.2)."""
    tail = f"{SORT_CODE}7777{client:08d}{place:04d}"
    check = 98 - int(f"{tail}252100") % 97
    return f"{check:02d}{tail}"


def vin(random: Random, maker: str, year: int) -> str:
    """17 characters: the maker's real code, six of the model, the year letter, a number."""
    model = "".join(random.choices(_VIN_CHARACTERS, k=6))
    year_letter = "LMNPRSTVWXY123456789"[(year - 2020) % 20]
    plant = random.choice(_VIN_LETTERS)
    return f"{maker}{model}{year_letter}{plant}{random.randint(0, 999_999):06d}"


def plate(random: Random, prefix: str) -> str:
    """A Polish plate: the region's letters, then five characters (four after three letters)."""
    size = 5 if len(prefix) == 2 else 4
    digits = "".join(random.choices("0123456789", k=size - 1))
    letter = random.choice("ACEFGHJKLMNPRSTUVWXY")
    return f"{prefix}{digits}{letter}" if random.random() < 0.7 else f"{prefix}{digits}0"


def _weighted(digits: list[int], weights: tuple[int, ...]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True))
