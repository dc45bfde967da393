"""The JSON API for other services: decisions and look-ups, with problem+json for whatever fails."""

from app.api.blueprint import register

__all__ = ["register"]
