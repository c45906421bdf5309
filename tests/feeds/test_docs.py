"""docs/feeds.md, the JSON schema and the sample say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from eboks.feeds.manifest import read_manifest
from eboks.feeds.problems import Problems
from eboks.feeds.registry import registry
from tests.feeds.test_refusals import MANIFESTS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "feeds.md").read_text("utf-8")
SCHEMA = json.loads((DOCS / "feeds" / "manifest.schema.json").read_text("utf-8"))


def _is_valid(manifest: object) -> bool:
    checker = jsonschema.FormatChecker()
    return jsonschema.Draft202012Validator(SCHEMA, format_checker=checker).is_valid(manifest)


def test_schema_is_a_schema_and_knows_every_kind():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    kinds = SCHEMA["properties"]["files"]["items"]["properties"]["kind"]["enum"]
    assert set(kinds) == {"lessor", *registry.kinds_by_name}


def test_sample_fits_the_schema_and_the_code(feed):
    problems = Problems()

    assert _is_valid(feed.manifest)
    assert read_manifest(feed.directory, problems) is not None
    assert not problems


# JSON Schema's date-time is a moment without a zone, too; the code wants the zone.
@pytest.mark.parametrize(
    "fields", [one for one, name in MANIFESTS if name != "created_at"], ids=str
)
def test_schema_refuses_what_the_code_refuses(feed, fields):
    assert not _is_valid({**feed.manifest, **fields})


@pytest.mark.parametrize("kind", registry.kinds, ids=lambda kind: kind.name)
def test_page_has_every_column_in_its_table(kind):
    section = PAGE.partition(f"### {kind.name}\n")[2].partition("\n#")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| (yes)? *\| ([^|]*)\|$", section, re.MULTILINE)

    assert [(name, bool(needed)) for name, _, needed, _ in rows] == [
        (column.name, column.required) for column in kind.columns
    ]
    for (_, written, _, notes), column in zip(rows, kind.columns, strict=True):
        assert written.startswith(column.kind)
        assert ("control total" in notes) == column.is_total
        assert (f"key in `{column.references}`" in notes) == bool(column.references)
