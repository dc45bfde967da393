"""The two blueprints of embedding, JSON and pages; every address holds a brand, which views get as `brand`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, abort, g
from werkzeug.exceptions import HTTPException

from app.db import is_unavailable
from app.embed import frame, script, sign_up
from app.embed.problems import CODE_OF_STATUS, KINDS, Refused, present
from app.errors import DomainError
from app.http import cors
from app.http.context import env
from app.http.extensions import seconds_to_wait
from app.http.methods import add_for_any_method


def register(app: Flask) -> None:
    """Serve script, form definitions, sign-ups, frame and solver from `app`."""
    app.register_blueprint(_answers())
    app.register_blueprint(_pages())


def _answers() -> Blueprint:
    """What scripts ask for: everything is told in JSON, and readable from the brand's sites only."""
    blueprint = Blueprint("embed", __name__, url_prefix="/embed")
    blueprint.url_value_preprocessor(_find_brand)
    blueprint.after_request(_allow)
    for failure in (HTTPException, DomainError, Refused, Exception):
        blueprint.register_error_handler(failure, _tell)
    _add(blueprint, "/<brand>.js", "script", script.script, "GET")
    _add(blueprint, "/<brand>/form", "form", sign_up.form, "GET")
    _add(blueprint, "/<brand>/challenge", "challenge", sign_up.challenge, "POST")
    _add(blueprint, "/<brand>/subscribe", "subscribe", sign_up.subscribe, "POST")
    return blueprint


def _pages() -> Blueprint:
    """What a brand's page shows in a frame."""
    blueprint = Blueprint("embed_pages", __name__, url_prefix="/embed")
    blueprint.url_value_preprocessor(_find_brand)
    blueprint.after_request(frame.let_brand_frame)
    blueprint.add_url_rule("/<brand>/frame", "frame", frame.show)
    blueprint.add_url_rule("/<brand>/frame", "frame_post", frame.take, methods=["POST"])
    blueprint.add_url_rule("/<brand>/frame/sent", "sent", frame.sent)
    blueprint.add_url_rule("/<brand>/solver", "solver", frame.solver)
    return blueprint


def _add(blueprint: Blueprint, path: str, name: str, view: Any, method: str) -> None:
    blueprint.add_url_rule(path, name, view, methods=[method], provide_automatic_options=False)
    blueprint.add_url_rule(path, f"{name}_preflight", cors.preflight, methods=["OPTIONS"])
    add_for_any_method(blueprint, f"/embed{path}", f"{name}_otherwise", _refuse_method)


def _find_brand(endpoint: str | None, values: dict[str, Any] | None) -> None:  # noqa: ARG001 - Flask's signature
    """Turn the slug in the address into the brand, or answer 404; it is also the site whose languages count."""
    if values is None:
        return
    found = env().group.brands.get(values["brand"])
    if found is None:
        abort(404)
    values["brand"] = g.site = found


def _allow(response: Response) -> Response:
    return cors.allow(response, g.site) if "site" in g else response


def _refuse_method(**_brand: object) -> Response:
    return present("method_not_allowed")


def _tell(failure: Exception) -> Response:
    """Tell a failure as a problem; what nobody foresaw goes on to Flask, which logs it and comes back with a 500."""
    code = _code_of(failure)
    if code is None:
        raise failure
    response = present(code, failure.detail if isinstance(failure, Refused) else "")
    if code == "too_many_requests":
        response.headers["Retry-After"] = str(seconds_to_wait())
    return response


def _code_of(failure: Exception) -> str | None:
    if isinstance(failure, Refused):
        return failure.code
    if isinstance(failure, DomainError):
        return failure.code if failure.code in KINDS else "unavailable"
    if is_unavailable(getattr(failure, "original_exception", None) or failure):
        return "unavailable"
    return CODE_OF_STATUS.get(failure.code or 500, "bad_request") if isinstance(failure, HTTPException) else None
