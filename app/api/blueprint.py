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
from app.api.operations import OPERATIONS
from app.api.problems import KINDS
from app.api.reference import Reference
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
    """Show the document as a page, for someone who meets the API for the first time."""
    origin = env().settings.origin
    entries = Reference(_document(origin)).entries()
    return render_template("api/docs.html", origin=origin, entries=entries, scopes=SCOPES, problems=KINDS)


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
