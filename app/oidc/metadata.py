"""What this authorization server can do (RFC 8414). Only what is true stands here."""

from __future__ import annotations

from app.environment import Environment
from app.oidc.grants import AUTH_METHOD, ClientCredentials
from app.services.oauth import SCOPES


def describe(env: Environment) -> dict[str, object]:
    """Describe the server; all addresses come from the settings."""
    origin = env.settings.origin
    return {
        "issuer": origin,
        "token_endpoint": f"{origin}/oauth/token",
        "jwks_uri": f"{origin}/oauth/jwks.json",
        "scopes_supported": list(SCOPES),
        "response_types_supported": [],
        "grant_types_supported": [ClientCredentials.GRANT_TYPE],
        "token_endpoint_auth_methods_supported": [AUTH_METHOD],
        "service_documentation": f"{origin}/api/docs",
    }
