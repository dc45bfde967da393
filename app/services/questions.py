"""What a decision is asked about: brand, item and the rules of the day, resolved once and then remembered.

None of this depends on the subject, so an unknown brand or topic is told apart before anybody is looked up.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from datetime import date

from app.environment import Environment
from app.errors import UnknownItem
from app.services.decisions import Rules, rules_for
from app.services.items import ItemRef, items

Key = tuple[str, str, str, str | None]


@dataclass(frozen=True, slots=True)
class Question:
    """An item of a brand and what `brands/` says about it on a day."""

    brand: str
    item: ItemRef
    rules: Rules


class _Memory:
    """The questions of one day."""

    def __init__(self, on: date) -> None:
        self.on = on
        self.known: dict[Key, Question] = {}


_memories: weakref.WeakKeyDictionary[Environment, _Memory] = weakref.WeakKeyDictionary()


def about_topic(env: Environment, brand: str, topic: str, channel: str, on: date) -> Question:
    """Give the question about a topic on a channel; raise `UnknownItem`."""
    return _find(env, ("topic", brand, topic, channel), on)


def about_purpose(env: Environment, brand: str, purpose: str, on: date) -> Question:
    """Give the question about a purpose, the brand's own or the group's; raise `UnknownItem`."""
    return _find(env, ("purpose", brand, purpose, None), on)


def _find(env: Environment, key: Key, on: date) -> Question:
    memory = _memories.get(env)
    if memory is None or memory.on != on:
        memory = _memories[env] = _Memory(on)
    question = memory.known.get(key)
    if question is None:
        # Only what exists is remembered, so that nobody fills the memory with inventions.
        question = memory.known[key] = _resolve(env, key, on)
    return question


def _resolve(env: Environment, key: Key, on: date) -> Question:
    kind, slug, name, channel = key
    brand = env.group.brands.get(slug)
    if brand is None:
        raise UnknownItem(f"There is no brand “{slug}”.")
    with env.database.transaction() as session:
        registry = items(session)
    item = registry.purpose(slug, name) if kind == "purpose" else registry.subscription(slug, name, channel or "")
    return Question(slug, item, rules_for(env.group, brand, item, on))
