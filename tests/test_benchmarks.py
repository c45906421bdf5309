"""`./ebok bench` finds the benchmarks by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

import benchmarks.__main__ as runner


def test_every_module_with_run_is_a_benchmark_that_says_what_it_measures() -> None:
    modules = {
        path.stem
        for path in Path(runner.__file__).parent.glob("[a-z]*.py")
        if "\ndef run(size: str) -> None:" in path.read_text()
    }

    found = runner.benchmarks()

    assert set(found) == modules
    assert all(found.values())


def test_unknown_name_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bench", "nothing"])

    with pytest.raises(SystemExit) as exit_:
        runner.main()

    assert exit_.value.code == 2
    assert "invalid choice: 'nothing'" in capsys.readouterr().err
