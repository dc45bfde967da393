"""Items: what consents are about, as rows with small ids, kept in step with `brands/`."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.branding.models import Brand, Channel, Kind, Site, SiteGroup, Topic
from app.db import Session
from app.environment import Environment, environment
from app.errors import UnknownItem
from app.kit import clock
from app.models import Item

Key = tuple[str | None, str, str, str | None]
WORDS = {Kind.SUBSCRIPTION.value: "topic"}
"""What callers of the API call a kind, where it is another word than ours."""


@dataclass(frozen=True, slots=True)
class ItemRef:
    """An item as the rest of the application passes it around. `brand` is None for the whole group's."""

    id: int
    brand: str | None
    kind: Kind
    key: str
    channel: Channel | None
    is_retired: bool = False


class Items:
    """All items of a deployment, by key and by id; built once and then only read."""

    def __init__(self, refs: list[ItemRef]) -> None:
        self._by_key = {(ref.brand, ref.kind.value, ref.key, ref.channel and ref.channel.value): ref for ref in refs}
        self._by_id = {ref.id: ref for ref in refs}

    def knows(self, item_ids: Iterable[int]) -> bool:
        """Tell whether all these items are known."""
        return all(item_id in self._by_id for item_id in item_ids)

    def find(self, item_id: int) -> ItemRef | None:
        """Give the item with this id if there is one."""
        return self._by_id.get(item_id)

    def get(self, item_id: int) -> ItemRef:
        """Give the item with this id; raise `UnknownItem`."""
        try:
            return self._by_id[item_id]
        except KeyError:
            raise UnknownItem(f"There is no item {item_id}.") from None

    def subscription(self, brand: str, topic: str, channel: str) -> ItemRef:
        """Give a topic on a channel; raise `UnknownItem` when the brand never offered it."""
        return self._find((brand, Kind.SUBSCRIPTION.value, topic, channel))

    def purpose(self, brand: str, key: str) -> ItemRef:
        """Give a purpose of the brand, else the group's of that name; raise `UnknownItem`."""
        own = self._by_key.get((brand, Kind.PURPOSE.value, key, None))
        return own or self._find((None, Kind.PURPOSE.value, key, None))

    def own_purpose(self, brand: str | None, key: str) -> ItemRef:
        """Give a purpose of just this brand, or of the whole group (None); raise `UnknownItem`."""
        return self._find((brand, Kind.PURPOSE.value, key, None))

    def document(self, key: str) -> ItemRef:
        """Give a document of the group; raise `UnknownItem`."""
        return self._find((None, Kind.DOCUMENT.value, key, None))

    def of_brand(self, brand: str) -> list[ItemRef]:
        """List a brand's own items, retired ones included."""
        return [ref for ref in self._by_id.values() if ref.brand == brand]

    def __iter__(self) -> Iterator[ItemRef]:
        return iter(self._by_id.values())

    def _find(self, key: Key) -> ItemRef:
        try:
            return self._by_key[key]
        except KeyError:
            raise UnknownItem(self._missing(*key)) from None

    def _missing(self, brand: str | None, kind: str, name: str, channel: str | None) -> str:
        refs = [ref for ref in self if (ref.brand, ref.kind) == (brand, kind) and not ref.is_retired]
        there = sorted({ref.channel for ref in refs if ref.key == name and ref.channel})
        where = f" on {channel}" if there else ""
        names = ", ".join(there or sorted({ref.key for ref in refs})) or "none"
        return f"{brand or 'The group'} has no {WORDS.get(kind, kind)} “{name}”{where}. It has: {names}."


_loaded: weakref.WeakKeyDictionary[Environment, Items] = weakref.WeakKeyDictionary()


def items(session: Session, needed: Iterable[int] = ()) -> Items:
    """Give all items, read from the database at the first use; what `brands/` offers anew is added then.

    Read again where one of `needed` is not known: a newer release of Parley may have added it meanwhile.
    """
    env = environment(session)
    loaded = _loaded.get(env)
    if loaded is None or not loaded.knows(needed):
        found = _read(session)
        if not {_key(ref) for ref in found} >= set(offered(env.group)):
            # In a transaction of its own: ids that are kept for good must not hang on the caller's outcome.
            with env.database.transaction() as own:
                add_offered(own)
            found = _read(session)
        loaded = _loaded[env] = Items(found)
    return loaded


def add_offered(session: Session) -> None:
    """Add what `brands/` offers and the table does not have. Nothing is retired here: a newer release may offer it."""
    columns = ("brand", "kind", "key", "channel")
    rows = [dict(zip(columns, key, strict=True)) for key in sorted(offered(environment(session).group), key=str)]
    session.execute(upsert(Item).on_conflict_do_nothing(), rows)


def sync(session: Session) -> None:
    """Bring the table into step with `brands/`, retired items included; a step of each deployment. Nothing is deleted.

    What is not offered any more is retired from now on; what is offered again is no longer.
    """
    add_offered(session)
    wanted = set(offered(environment(session).group))
    for row in session.scalars(select(Item)):
        is_wanted = (row.brand, row.kind, row.key, row.channel) in wanted
        retired_at = None if is_wanted else row.retired_at or clock.now()
        session.execute(update(Item).where(Item.id == row.id).values(retired_at=retired_at))


def offered(group: SiteGroup) -> Iterator[Key]:
    """List the keys of all items that `brands/` declares and has not retired."""
    for brand in group.brands.values():
        for topic in brand.topics:
            yield from _topic_keys(brand, topic)
        yield from _site_keys(brand, brand.slug)
    yield from _site_keys(group, None)


def _site_keys(site: Site, brand: str | None) -> Iterator[Key]:
    yield from ((brand, Kind.PURPOSE.value, purpose.key, None) for purpose in site.purposes if not purpose.retired)
    yield from ((brand, Kind.DOCUMENT.value, document.slug, None) for document in site.documents)


def _topic_keys(brand: Brand, topic: Topic) -> Iterator[Key]:
    if not topic.retired:
        yield from ((brand.slug, Kind.SUBSCRIPTION.value, topic.key, channel.value) for channel in topic.channels)


def _key(ref: ItemRef) -> Key:
    return (ref.brand, ref.kind.value, ref.key, ref.channel and ref.channel.value)


def _read(session: Session) -> list[ItemRef]:
    current = set(offered(environment(session).group))
    return [
        ItemRef(
            id=row.id,
            brand=row.brand,
            kind=Kind(row.kind),
            key=row.key,
            channel=Channel(row.channel) if row.channel else None,
            is_retired=row.retired_at is not None or (row.brand, row.kind, row.key, row.channel) not in current,
        )
        for row in session.scalars(select(Item).order_by(Item.id))
    ]
