"""What rooms above add to the page of a vehicle: each registers a panel in `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from contracts.models import Asset
from eboks.http import PortalRequest


@dataclass(frozen=True, slots=True)
class Panel:
    """`template` is included with `context` (and `asset`) alone."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)


Build = Callable[[PortalRequest, Asset], Panel | None]

_panels: dict[str, tuple[int, Build]] = {}


def add_panel(name: str, *, order: int, build: Build) -> None:
    """`build` gets a vehicle that the person may see, and answers None when it has nothing to show
    them; it asks for every further right itself."""
    _panels[name] = (order, build)


def panels(request: PortalRequest, asset: Asset) -> list[Panel]:
    """The panels of a vehicle, in their order."""
    built = [build(request, asset) for _order, build in sorted(_panels.values(), key=_order_of)]
    return [panel for panel in built if panel is not None]


def _order_of(entry: tuple[int, Build]) -> int:
    return entry[0]
