"""pytest plugin of CI (`-p tests.no_skips`): a test that did not run fails the run.

A skip, an expected failure or a deselected test is a hole that nobody sees; where the whole suite
is meant to run, it is an error. `./ebok test` loads this when EBOK_NO_SKIPS is set.
"""

from __future__ import annotations

import pytest

_deselected: list[str] = []


def pytest_deselected(items: list[pytest.Item]) -> None:
    _deselected.extend(item.nodeid for item in items)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    holes = _holes(session)
    if holes and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if holes := _holes(terminalreporter._session):
        terminalreporter.section("tests that did not run (EBOK_NO_SKIPS)", red=True)
        for hole in holes:
            terminalreporter.write_line(hole)


def _holes(session: pytest.Session | None) -> list[str]:
    reporter = session and session.config.pluginmanager.get_plugin("terminalreporter")
    if not reporter:  # an xdist worker: the controller decides
        return []
    stats: dict[str, list[pytest.TestReport]] = reporter.stats
    reports = [
        f"{kind}: {report.nodeid}"
        for kind in ("skipped", "xfailed", "xpassed")
        for report in stats.get(kind, [])
    ]
    return reports + [f"deselected: {nodeid}" for nodeid in _deselected]
