"""What other servers report to us, each at an address that holds a token."""

from app.hooks.blueprint import register

__all__ = ["register"]
