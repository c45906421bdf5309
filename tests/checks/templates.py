"""`python -m tests.checks.templates`: every template compiles and points at things that exist.

Looks at each file of templates/: it compiles; each `{% url %}` with a literal name is a route;
each `{% static %}` with a literal path is a file; each `{% include %}` with a literal name is a
template; HTML for browsers holds nothing that the content security policy refuses (inline script,
style or handler).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template import TemplateDoesNotExist, TemplateSyntaxError, engines
from django.urls import URLResolver, get_resolver

_URL = re.compile(r"""\{%\s*url\s+["']([^"']+)["']""")
_STATIC = re.compile(r"""\{%\s*static\s+["']([^"']+)["']""")
_INCLUDE = re.compile(r"""\{%\s*(?:include|extends)\s+["']([^"'#]+)(?:#[^"']*)?["']""")
_COMMENT = re.compile(
    r"\{#.*?#\}|\{%\s*comment\b.*?%\}.*?\{%\s*endcomment\s*%\}|<!--.*?-->", re.DOTALL
)
_INLINE = {
    "inline style": re.compile(r"""<[a-z][^>]*\sstyle\s*=\s*["']|<style\b""", re.IGNORECASE),
    "inline handler": re.compile(r"""<[a-z][^>]*\son[a-z]+\s*=\s*["']""", re.IGNORECASE),
    "inline script": re.compile(
        r"""<script\b(?![^>]*\bsrc\s*=)(?![^>]*application/json)|["']javascript:""", re.IGNORECASE
    ),
}


def problems(source: str, *, browser: bool) -> Iterator[str]:
    """What is wrong with one template's text; `browser` adds the rules of the security policy."""
    source = _COMMENT.sub("", source)
    try:
        engines["django"].from_string(source)
    except (TemplateSyntaxError, TemplateDoesNotExist) as error:
        yield f"does not compile: {error}"
    for name in _URL.findall(source):
        if name not in route_names():
            yield f"no route is called {name!r}"
    for path in _STATIC.findall(source):
        if not finders.find(path):
            yield f"no static file {path!r}"
    for name in _INCLUDE.findall(source):
        try:
            engines["django"].get_template(name)
        except TemplateDoesNotExist:
            yield f"no template {name!r}"
        except TemplateSyntaxError:
            pass  # reported for that template itself
    if browser:
        yield from (f"{rule} breaks the CSP" for rule, bad in _INLINE.items() if bad.search(source))


def route_names() -> set[str]:
    """All names that `{% url %}` accepts, with their namespaces."""

    def walk(resolver: URLResolver, prefix: str) -> Iterator[str]:
        for pattern in resolver.url_patterns:
            if isinstance(pattern, URLResolver):
                inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
                yield from walk(pattern, inner)
            elif pattern.name:
                yield prefix + pattern.name

    return set(walk(get_resolver(), ""))


def for_browsers(path: Path) -> bool:
    """PDF sheets and e-mails are HTML too, but no browser opens them under our policy."""
    return path.suffix == ".html" and not {"pdf", "email", "mail"} & {
        *path.parts,
        *path.stem.split("_"),
    }


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "eboks.settings.test")
    django.setup()
    root = Path(settings.BASE_DIR) / "templates"
    files = sorted(path for path in root.rglob("*.*") if path.is_file())
    found = [
        f"templates/{path.relative_to(root)}: {problem}"
        for path in files
        for problem in problems(path.read_text(), browser=for_browsers(path.relative_to(root)))
    ]
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.stdout.write(f"{len(files)} templates, {len(found)} problems\n")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main())
