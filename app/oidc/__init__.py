"""OAuth 2.0 for services: access tokens, the keys they are signed with, and what the server can do."""

from app.oidc.blueprint import register

__all__ = ["register"]
