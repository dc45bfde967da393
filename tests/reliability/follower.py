"""A system that follows the change feed over HTTP, as others would write it, with nothing but the standard library.

`python -m tests.reliability.follower ORIGIN TOKEN FOLDER SEED`: it notes each event in `FOLDER/events`, then keeps its
place in `FOLDER/place`, and may be killed at any moment, also between the two. It ends at the end of the feed once
there is a file `FOLDER/over`.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

MOST_AT_ONCE = 40
DAWDLE_SECONDS = 0.02
GONE = "gone"
"""Noted instead of an event when the place is one of before a restore."""


def follow(origin: str, token: str, folder: Path, dice: random.Random) -> None:
    """Read on from the place that is kept, until there is no more and the storm is over."""
    place = folder / "place"
    with (folder / "events").open("a", buffering=1, encoding="utf-8") as notes:
        while True:
            is_over = (folder / "over").exists()
            page = _read(origin, token, place.read_text() if place.exists() else "", dice.randint(1, MOST_AT_ONCE))
            for event in page.get("events", []):
                notes.write(f"{event['id']}\n")
            if "events" not in page:
                notes.write(f"{GONE}\n")
            time.sleep(dice.random() * DAWDLE_SECONDS)
            draft = folder / "place.new"
            draft.write_text(page["next"])
            draft.replace(place)
            if is_over and page.get("has_more") is False:
                return


def _read(origin: str, token: str, after: str, limit: int) -> dict[str, Any]:
    """Read a page; what a place of before a restore is answered with has no events."""
    query = urllib.parse.urlencode({"limit": limit, **({"after": after} if after else {})})
    asked = urllib.request.Request(f"{origin}/api/v1/events?{query}", headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        if refused.code != 410:
            raise
        return json.load(refused)


if __name__ == "__main__":
    follow(sys.argv[1], sys.argv[2], Path(sys.argv[3]), random.Random(f"{sys.argv[4]} {os.getpid()}"))
