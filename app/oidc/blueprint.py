"""The routes of the authorization server, with errors as RFC 6749 wants them."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Flask, Response, json, jsonify, request
from werkzeug.exceptions import HTTPException, default_exceptions

from app.db import is_unavailable
from app.http.context import env
from app.http.extensions import limiter, seconds_to_wait
from app.http.methods import add_for_any_method
from app.oidc import metadata
from app.oidc.server import Server, make_server
from app.services import signing_keys

MOST_BYTES = 16_384
FAILURES_PER_IP = "60 per minute"
CACHEABLE = "public, max-age=300"


def register(app: Flask) -> None:
    """Serve tokens, keys and metadata from `app`."""
    server = make_server()
    blueprint = Blueprint("oidc", __name__)
    for status in default_exceptions:
        blueprint.register_error_handler(status, _of_http)
    blueprint.register_error_handler(HTTPException, _of_http)
    blueprint.register_error_handler(Exception, _of_fault)
    blueprint.add_url_rule(
        "/oauth/token", "token", _token_view(server), methods=["POST"], provide_automatic_options=False
    )
    add_for_any_method(blueprint, "/oauth/token", "token_otherwise", _refuse_method)
    blueprint.add_url_rule("/oauth/jwks.json", "jwks", show_keys, methods=["GET"])
    blueprint.add_url_rule("/.well-known/oauth-authorization-server", "metadata", show_metadata, methods=["GET"])
    app.register_blueprint(blueprint)


def show_keys() -> Response:
    """Give the public keys that access tokens are signed with (RFC 7517)."""
    return _cacheable(jsonify(keys=signing_keys.published(env())))


def show_metadata() -> Response:
    """Give the server's metadata (RFC 8414)."""
    return _cacheable(jsonify(metadata.describe(env())))


def _token_view(server: Server) -> Callable[[], Response]:
    @limiter.limit(FAILURES_PER_IP, deduct_when=_is_failure)
    def token() -> Response:
        """Issue an access token."""
        request.max_content_length = MOST_BYTES
        if not request.form.get("grant_type"):
            return _refuse(400, "invalid_request", "The parameter grant_type is missing from the form in the body.")
        response: Response = server.create_token_response()
        return response

    return token


def _is_failure(response: Response) -> bool:
    return response.status_code == 401


def _of_http(failure: Exception) -> Response:
    """Answer failures outside the protocol in its own terms."""
    if not isinstance(failure, HTTPException):
        return _of_fault(failure)
    original = getattr(failure, "original_exception", None)
    if original is not None and is_unavailable(original):
        return _of_fault(original)
    status = failure.code or 500
    response = _refuse(status, "server_error" if status >= 500 else "invalid_request", failure.name)
    kept = {name: value for name, value in failure.get_headers() if name in {"Allow", "Retry-After"}}
    response.headers.update(kept)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["Retry-After"] = str(seconds_to_wait())
    return response


def _of_fault(failure: Exception) -> Response:
    if not is_unavailable(failure):
        raise failure
    response = _refuse(503, "temporarily_unavailable", "The database can't be reached.")
    response.headers["Retry-After"] = "5"
    return response


def _refuse(status: int, error: str, description: str) -> Response:
    body = json.dumps({"error": error, "error_description": description})
    response = Response(body, status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _cacheable(response: Response) -> Response:
    response.headers["Cache-Control"] = CACHEABLE
    return response


def _refuse_method() -> Response:
    if request.method == "OPTIONS":
        return Response(status=204, headers={"Allow": "OPTIONS, POST"})
    response = _refuse(405, "invalid_request", "Tokens are asked for with POST.")
    response.headers["Allow"] = "OPTIONS, POST"
    return response
