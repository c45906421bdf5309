"""The browser tests go to one process of xdist, whatever xdist makes of their marks."""

from __future__ import annotations

import pytest

from tests.scheduling import PortalScheduling


@pytest.fixture
def scheduling(pytestconfig, monkeypatch):
    """What `./ebok test` shares the suite out with, found the way xdist finds it."""
    monkeypatch.setattr(pytestconfig.option, "dist", "loadgroup", raising=False)
    monkeypatch.setattr(pytestconfig.option, "tx", ["2*popen"], raising=False)
    hook = pytestconfig.hook.pytest_xdist_make_scheduler
    ours = [
        found for found in hook.get_hookimpls() if found.function.__module__ != "xdist.dsession"
    ]
    assert len(ours) == 1
    return ours[0].function(pytestconfig, None)


def test_browser_tests_are_one_piece_of_work_and_every_other_is_its_own(scheduling):
    assert isinstance(scheduling, PortalScheduling)
    browser = [
        "test_pages.py::test_page[a]",
        "test_pages.py::test_page[b@c]",
        "test_journeys.py::t",
    ]
    others = ["tests/test_money.py::test_sum", "tests/ui/test_frame.py::test_frame[browser/]"]

    assert len({scheduling._split_scope(f"tests/browser/{test}") for test in browser}) == 1
    assert [scheduling._split_scope(test) for test in others] == others
