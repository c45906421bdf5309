"""Rules of the house that a reader cannot keep in mind: the build does."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.db import models

from eboks.accounts.signed_keys import SignedKey
from eboks.tenancy.models import Company, CompanyScopedQuerySet, Membership
from eboks.tenancy.rights import RIGHTS
from tests.routes import LISTS, OBJECTS, POST_ONLY, PUBLIC, portal_routes

ROOT = Path(settings.BASE_DIR)
OURS = ("eboks", "contracts", "invoicing", "insurance", "requests_app")
LONGEST_FILE = 500
BANNED_FILES = {"utils.py", "helpers.py", "managers.py", "signals.py"}

# Rows that lead to a company but are no client's data: who may act, and the back office's own log.
NOT_CLIENT_DATA = {Membership}


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.split(".")[0] in OURS]


def leads_to_company(
    model: type[models.Model], seen: frozenset[type[models.Model]] = frozenset()
) -> bool:
    """Whether a chain of foreign keys goes from `model` to Company."""
    if model is Company:
        return True
    targets = {field.related_model for field in model._meta.fields if field.is_relation}
    return any(
        isinstance(target, type) and target not in seen and leads_to_company(target, seen | {model})
        for target in targets
    )


CLIENT_MODELS = [m for m in our_models() if leads_to_company(m) and m not in NOT_CLIENT_DATA]
CLIENT_NAMES = {model.__name__ for model in CLIENT_MODELS}


def tracked(*endings: str) -> list[Path]:
    """Files of the repository, also new ones that are not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = [ROOT / line for line in listed.stdout.splitlines() if line.endswith(endings)]
    return [path for path in paths if path.exists()]


# --- client data -------------------------------------------------------------------------------


def test_there_are_client_models():
    assert {"Contract", "Invoice", "Payment", "Document", "ScheduleRow"} <= CLIENT_NAMES


@pytest.mark.parametrize("model", CLIENT_MODELS, ids=lambda model: model._meta.label)
def test_client_model_has_a_scoped_queryset(model):
    rows = model._default_manager.all()

    assert isinstance(rows, CompanyScopedQuerySet)
    steps = rows.company_path.split("__") if rows.company_path else []
    target = model
    for step in steps:
        target = target._meta.get_field(step).related_model
    assert target is Company, f"company_path of {model._meta.label} does not lead to Company"


VIEW_FILES = [p for p in tracked("views.py") if p.relative_to(ROOT).parts[0] in OURS]
READ_FILES = [
    path
    for path in tracked("selectors.py", "dashboard.py", "search.py", "exports.py", "reports.py")
    if path.relative_to(ROOT).parts[0] in OURS
]
_SCOPING = {"for_user", "for_member"}
_SCOPING_CALLS = {"scoped", "scoped_or_404"}


def unscoped_starts(tree: ast.AST, *, strict: bool) -> Iterator[tuple[int, str]]:
    """(line, model) of each `Model.objects` that does not go through the person first.

    Allowed: `.for_user()`, rows handed to `scoped()` or `scoped_or_404()`, a Prefetch of rows that
    hang on scoped ones. Outside views (`strict` false) also rows bound to a given row or set.
    """
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not (
            isinstance(node, ast.Attribute)
            and node.attr in {"objects", "vehicles", "_default_manager", "_base_manager"}
            and isinstance(node.value, ast.Name)
            and node.value.id in CLIENT_NAMES
        ):
            continue
        if not _is_scoped(node, parents, strict=strict):
            yield node.lineno, node.value.id


def _is_scoped(node: ast.Attribute, parents: dict[ast.AST, ast.AST], *, strict: bool) -> bool:
    first = parents[node]
    if isinstance(first, ast.Attribute) and first.attr in _SCOPING:
        return True
    top: ast.AST = node
    while True:  # climb the chain of calls that starts at Model.objects
        parent = parents[top]
        in_chain = isinstance(parent, ast.Attribute) or (
            isinstance(parent, ast.Call) and parent.func is top
        )
        if not in_chain:
            break
        top = parent
        if not strict and isinstance(top, ast.Call) and _is_bound(top):
            return True
    holder = parents[top]
    if isinstance(holder, ast.Call):
        return _called(holder) in {*_SCOPING_CALLS, "Prefetch"}
    if isinstance(holder, ast.Assign) and isinstance(holder.targets[0], ast.Name):
        return _only_scoped(holder.targets[0].id, holder, parents)
    return False


def _is_bound(call: ast.Call) -> bool:
    """`filter(version=version)`, `filter(item__in=items)`, `filter(contract=OuterRef("pk"))`."""
    if not (isinstance(call.func, ast.Attribute) and call.func.attr in {"filter", "in_bulk"}):
        return False
    if call.func.attr == "in_bulk" or _has_bound_keyword(call):
        return True
    conditions = [node for arg in call.args for node in ast.walk(arg) if isinstance(node, ast.Call)]
    return bool(conditions) and all(_has_bound_keyword(condition) for condition in conditions)


def _has_bound_keyword(call: ast.Call) -> bool:
    values = [keyword.value for keyword in call.keywords if keyword.arg]
    return any(
        isinstance(value, ast.Name)
        or (isinstance(value, ast.Call) and _called(value) == "OuterRef")
        for value in values
    )


def _only_scoped(name: str, assigned: ast.AST, parents: dict[ast.AST, ast.AST]) -> bool:
    """Whether the variable is used in its function only in `scoped`, `scoped_or_404`, Prefetch."""
    function: ast.AST = assigned
    while not isinstance(function, ast.FunctionDef | ast.Module):
        function = parents[function]
    uses = [
        parents[node]
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
    ]
    return bool(uses) and all(
        isinstance(use, ast.Call) and _called(use) in {*_SCOPING_CALLS, "Prefetch"} for use in uses
    )


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


@pytest.mark.parametrize("path", VIEW_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_view_starts_from_scoped_rows(path):
    assert list(unscoped_starts(ast.parse(path.read_text()), strict=True)) == []


@pytest.mark.parametrize("path", READ_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_selector_starts_from_scoped_or_given_rows(path):
    assert list(unscoped_starts(ast.parse(path.read_text()), strict=False)) == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("Invoice.objects.all()", True),
        ("Invoice.objects.filter(number=n)", True),
        ("Invoice.objects.get(public_id=i)", True),
        ("rows = Invoice.objects.select_related('company')\nfor row in rows: pass", True),
        ("Invoice._default_manager.first()", True),
        ("Invoice.objects.for_user(u).filter(number=n)", False),
        ("scoped_or_404(Invoice.objects.all(), u, public_id=i)", False),
        ("rows = Invoice.objects.select_related('company')\nscoped_or_404(rows, u)", False),
        ("Prefetch('assets', Asset.objects.order_by('pk'))", False),
        ("LessorProfile.objects.first()", False),
    ],
)
def test_the_check_of_views_sees_what_it_should(code, found):
    assert bool(list(unscoped_starts(ast.parse(code), strict=True))) is found


# --- routes ------------------------------------------------------------------------------------

ROUTES = {route.name: route for route in portal_routes()}


def test_every_route_has_one_name():
    names = [route.name for route in portal_routes()]

    assert len(set(names)) == len(names)
    assert not [name for name in names if name.endswith("None")]


@pytest.mark.parametrize("name", ROUTES)
def test_route_has_a_login_rule(name):
    is_open = not getattr(ROUTES[name].pattern.callback, "login_required", True)

    assert is_open == (name in PUBLIC), f"{name}: say in tests/routes.py whether it is public"


def test_rules_name_only_routes_that_exist():
    assert {*PUBLIC, *OBJECTS, *POST_ONLY, *LISTS} <= ROUTES.keys()


@pytest.mark.parametrize(
    "name", [name for name in ROUTES if "public_id" in ROUTES[name].parameters]
)
def test_route_of_an_object_has_a_stranger_case(name):
    assert name in OBJECTS, f"{name}: enter it in tests/routes.py, OBJECTS"


def signed(route):
    """Parameters that stand in the address as a signed text (`SignedKey`)."""
    converters = route.pattern.pattern.converters.items()
    return {name for name, converter in converters if isinstance(converter, SignedKey)}


def test_addresses_show_no_running_numbers():
    known = {"public_id", "change_id", "uidb36", "key"}
    shown = {name: route.parameters - known - signed(route) for name, route in ROUTES.items()}

    assert {name: more for name, more in shown.items() if more} == {}


def test_each_right_is_missing_somewhere_or_everywhere_given():
    """Keeps `LISTS` honest: a right in it is one that some role lacks."""
    for name, right in LISTS.items():
        assert any(right not in rights for rights in RIGHTS.values()), name


# --- files and the rest ------------------------------------------------------------------------


def test_no_migration_is_missing(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_files_are_short():
    generated = re.compile(r"/migrations/|^requirements/|^locale/|/cases/|\.(json|csv|md|svg)$")
    kinds = (".py", ".html", ".css", ".js", ".sh", ".yml", ".toml", ".txt")
    sizes = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in tracked(*kinds)
    }
    long = {p: n for p, n in sizes.items() if n > LONGEST_FILE and not generated.search(p)}

    assert long == {}


def test_no_file_is_a_heap_of_odds_and_ends():
    assert [str(path) for path in tracked(".py") if path.name in BANNED_FILES] == []


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_model_is_named_in_polish_and_seen_by_the_back_office(model):
    inside = {"InvoiceRow", "ScheduleRow", "LessorAccount"}  # on the page of what they belong to

    assert str(model._meta.verbose_name) != model._meta.object_name.lower()
    if not model._meta.abstract:
        assert admin.site.is_registered(model) or model.__name__ in inside


def test_polling_says_that_it_is_polling():
    """A page that asks by itself must not keep a session alive (`X-Background`)."""
    polls = re.compile(r'hx-trigger="[^"]*\b(every|load delay)\b')
    told = "X-Background"
    loud = [path for path in tracked(".html") if polls.search(path.read_text())]

    assert [str(path) for path in loud if told not in path.read_text()] == []
