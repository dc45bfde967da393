"""The grants we know, in Authlib's terms."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant

from app.services.oauth import Client

AUTH_METHOD = "client_secret_basic"
NEVER_REPEATED = ("grant_type", "scope", "client_id")


class AuthenticatedClient(ClientMixin):
    """A client as Authlib asks about it; it exists only once its secret was checked."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def get_client_id(self) -> str:
        """Give the client's id."""
        return self.client.id

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Give the scope to issue: all of the client's when none is asked for, None when too much is."""
        if not (scope and scope.strip()):
            return " ".join(self.client.scopes)
        wanted = list(dict.fromkeys(scope.split()))
        return " ".join(wanted) if set(wanted) <= set(self.client.scopes) else None

    def check_client_secret(self, _client_secret: str) -> bool:
        """Say yes: `services.oauth.authenticate` has compared it."""
        return True

    def check_endpoint_auth_method(self, method: str, _endpoint: str) -> bool:
        """Tell whether the client may authenticate like this."""
        return method == AUTH_METHOD

    def check_grant_type(self, grant_type: str) -> bool:
        """Tell whether the client may use this grant."""
        return grant_type == ClientCredentials.GRANT_TYPE


class ClientCredentials(ClientCredentialsGrant):
    """RFC 6749, section 4.4, with HTTP Basic alone."""

    TOKEN_ENDPOINT_AUTH_METHODS = (AUTH_METHOD,)

    def validate_token_request(self) -> None:
        """Refuse repeated parameters (RFC 6749, section 3.2) before anything else."""
        for name in NEVER_REPEATED:
            if len(self.request.payload.datalist.get(name, ())) > 1:
                raise InvalidRequestError(f"The parameter {name} is repeated.")
        super().validate_token_request()
