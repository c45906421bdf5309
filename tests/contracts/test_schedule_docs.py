"""The examples of docs/schedule.md work, and its table names every field that is read."""

import re
from pathlib import Path

import pytest

from contracts.schedule_document import evaluate, parse_document
from contracts.schedule_json import read_request

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/schedule.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```json\n(.*?)```", TEXT, flags=re.DOTALL)


def test_there_are_examples():
    assert len(EXAMPLES) == 4


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_is_answered_in_full(example):
    result = evaluate(parse_document(example))
    assert result["rows"]
    assert result["ignored_fields"] == []


class Recorder(dict):
    """A JSON object that remembers which names were asked for."""

    def __init__(self):
        super().__init__()
        self.asked = set()

    def get(self, name, default=None):
        self.asked.add(name)
        return super().get(name, default)


def test_every_field_that_is_read_is_documented():
    data = Recorder()
    read_request(data)
    assert {"financed", "weights", "new_annual_rate_pct", "kind"} <= data.asked
    assert {name for name in data.asked if f"`{name}`" not in TEXT} == set()
