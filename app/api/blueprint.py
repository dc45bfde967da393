"""The blueprint of everything under `/api`, and of the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NoReturn

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed

from app.api import refusals
from app.api.answers import left_of_quota
from app.api.operations import AREAS, OPERATIONS
from app.api.problems import KINDS
from app.api.reference import Entry, Reference
from app.http.application import Application
from app.http.context import env
from app.http.methods import add_for_any_method
from app.services.oauth import SCOPES


def register(app: Application) -> None:
    """Serve the API, its OpenAPI document and its page of docs from `app`."""
    blueprint = Blueprint("api", __name__)
    refusals.install(blueprint)
    blueprint.after_request(_tell_quota)
    methods: dict[str, list[str]] = {}
    for operation in OPERATIONS:
        blueprint.add_url_rule(
            operation.rule, operation.name, operation.view, methods=[operation.method], provide_automatic_options=False
        )
        methods.setdefault(operation.rule, []).append(operation.method)
    for operation in OPERATIONS:
        if refused := methods.pop(operation.rule, None):
            add_for_any_method(blueprint, operation.rule, f"{operation.name}_otherwise", _refuser(refused))
    blueprint.add_url_rule("/openapi.json", "openapi", show_document, methods=["GET"])
    blueprint.add_url_rule("/api/docs", "docs", show_docs, methods=["GET"])
    blueprint.add_url_rule("/api/docs/<slug>", "area", show_area, methods=["GET"])
    for path, name in (("/api", "start"), ("/api/", "start_below")):
        blueprint.add_url_rule(path, name, lead_to_docs, methods=["GET"])
    add_for_any_method(blueprint, "/api/", "nothing", _refuse_path)
    add_for_any_method(blueprint, "/api/<path:rest>", "nothing_below", _refuse_path)
    app.register_blueprint(blueprint)
    app.lean.update(f"api.{operation.name}" for operation in OPERATIONS)


def show_document() -> Response:
    """Give the OpenAPI document. It holds no secrets, so that pages of other sites may read it too."""
    response = Response(json.dumps(_document(env().settings.origin), ensure_ascii=False), mimetype="application/json")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def show_docs() -> str:
    """Show where to begin, what there is and what can go wrong, to someone who meets the API for the first time."""
    origin = env().settings.origin
    areas = [(slug, title, _entries(slug)) for slug, (title, _operations) in AREAS.items()]
    return render_template("api/docs.html", origin=origin, areas=areas, scopes=SCOPES, problems=KINDS)


def show_area(slug: str) -> str:
    """Show the operations of an area, with all that they take and give."""
    if slug not in AREAS:
        abort(404)
    return render_template("api/area.html", title=AREAS[slug][0], entries=_entries(slug))


def _entries(slug: str) -> list[Entry]:
    """List the operations of an area as a page shows them."""
    names = {operation.name for operation in AREAS[slug][1]}
    return [each for each in Reference(_document(env().settings.origin)).entries() if each.anchor in names]


def lead_to_docs() -> ResponseReturnValue:
    """Send who tries the bare address to the page of docs."""
    return redirect(url_for("api.docs"))


@cache
def _document(origin: str) -> dict[str, Any]:
    # APIFlask takes 9 MB, in workers of which few are ever asked for the document.
    from app.api import document  # noqa: PLC0415

    return document.build(origin)


def _refuser(served: Sequence[str]) -> Callable[..., Response]:
    """Make what answers all methods of a path but those there are, and those that go along with them."""
    methods = sorted({*served, "OPTIONS", *(("HEAD",) if "GET" in served else ())})

    def refuse(**_parts: str) -> Response:
        if request.method == "OPTIONS":
            return Response(status=204, headers={"Allow": ", ".join(methods)})
        raise MethodNotAllowed(valid_methods=methods)

    return refuse


def _tell_quota(response: Response) -> Response:
    response.headers.update(left_of_quota())
    return response


def _refuse_path(rest: str = "") -> NoReturn:  # noqa: ARG001 - the rule hands it over
    abort(404)
