"""Routes for whatever method is left, so that 405 and 404 are told in the terms of their surface; and where to go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import Rule


def add_for_any_method(blueprint: Blueprint, path: str, name: str, view: Callable[..., Any]) -> None:
    """Let `view` answer `path` for every method that no rule added before takes, OPTIONS and invented ones too.

    `add_url_rule` takes a rule without methods for GET; Werkzeug's own rules know better.
    """

    def add(state: BlueprintSetupState) -> None:
        endpoint = f"{blueprint.name}.{name}"
        state.app.url_map.add(Rule(path, endpoint=endpoint))
        state.app.view_functions[endpoint] = view

    blueprint.record(add)


def relative(url: str) -> str:
    """Leave out the host. One slash at the start: with two of them a path would be taken for a host."""
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"/{parts.path.lstrip('/')}{query}"
