"""Where other systems hand in what came back: a door for each, opened by a secret in its address."""

from app.hooks.routes import register

__all__ = ["register"]
