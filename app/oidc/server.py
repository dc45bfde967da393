"""Authlib's authorization server on our clients, keys and settings."""

from __future__ import annotations

from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.flask_oauth2.requests import FlaskOAuth2Payload, FlaskOAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidClientError, OAuth2Error
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from flask import Request
from flask import request as current_request

from app.http.context import env, transaction
from app.oidc.grants import AUTH_METHOD, AuthenticatedClient, ClientCredentials
from app.services import access_tokens, oauth

BAD_CREDENTIALS = "Send client id and secret with HTTP Basic; one of them is missing or wrong."


class FormPayload(FlaskOAuth2Payload):
    """Parameters from the body alone: what stands in a URL ends up in logs (RFC 6749, section 2.3.1)."""

    @property
    def data(self) -> Any:
        """The form."""
        return self._request.form


class TokenRequest(FlaskOAuth2Request):
    """The request as Authlib reads it.

    Authlib refuses http by the address the request came in with, which behind a proxy is always http. The settings
    see to https in production, so it is told the path alone.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(_SecureAddress(request))
        self._request = request
        self.payload = FormPayload(request)


class _SecureAddress:
    def __init__(self, request: Request) -> None:
        self.method = request.method
        self.headers = request.headers
        self.url = f"https://parley{request.path}"


class Server(AuthorizationServer):
    """Issues access tokens to services. Nothing is stored: they verify by signature and die by themselves."""

    def create_oauth2_request(self, _request: Request | None) -> TokenRequest:
        """Wrap Flask's request."""
        return TokenRequest(current_request)

    def handle_error_response(self, request: TokenRequest, error: OAuth2Error) -> Any:
        """Say what to send where Authlib would show the names of its methods."""
        if isinstance(error, InvalidClientError):
            error.description = BAD_CREDENTIALS
        return super().handle_error_response(request, error)


def make_server() -> Server:
    """Put the server together."""
    server = Server(query_client=_no_client, save_token=_save_nothing)
    server.register_client_auth_method(AUTH_METHOD, _authenticate)
    server.register_grant(ClientCredentials)
    server.register_token_generator("default", BearerTokenGenerator(_access_token, expires_generator=_lifetime))
    return server


def _authenticate(_query_client: object, _request: TokenRequest) -> AuthenticatedClient | None:
    """Check HTTP Basic; whatever is wrong with it, the answer is the same."""
    try:
        given = current_request.authorization
    except ValueError:  # Werkzeug 3.1 lets bytes beyond ASCII through to base64
        return None
    if given is None or given.type != "basic" or not given.username or not given.password:
        return None
    with transaction() as session:
        client = oauth.authenticate(session, given.username, given.password)
    return AuthenticatedClient(client) if client else None


def _access_token(*, client: AuthenticatedClient, grant_type: str, user: object, scope: str) -> str:  # noqa: ARG001
    return access_tokens.issue(env(), client.client, scope)


def _lifetime(_client: AuthenticatedClient, _grant_type: str) -> int:
    return access_tokens.LIFETIME_SECONDS


def _no_client(_client_id: str) -> None:
    """Know nobody by id alone."""


def _save_nothing(_token: dict[str, Any], _request: TokenRequest) -> None:
    """Keep no access tokens."""
