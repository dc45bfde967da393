"""Sign-up forms on the brands' own sites: the element, its JSON, and the form in a frame."""

from app.embed.blueprint import register

__all__ = ["register"]
