from __future__ import annotations

import pytest

from tests.world import make_world


@pytest.fixture
def ours(db):
    """The company of the person who looks around."""
    return make_world("CANARY-A", letter="A")


@pytest.fixture
def theirs(db):
    """Another company; nothing with its mark may ever be seen by ours."""
    return make_world("CANARY-B", letter="B")
