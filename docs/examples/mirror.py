"""A mirror of Parley: who agreed to what, in SQLite, kept in step by the change feed. Stop it whenever you like.

python3 mirror.py CLIENT.json MIRROR.db [ORIGIN]
"""

import json
import sqlite3
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode

TABLES = """
CREATE TABLE IF NOT EXISTS consent (account_id, brand, kind, key, channel, status, occurred_at, event_id,
                                    PRIMARY KEY (account_id, brand, kind, key, channel));
CREATE TABLE IF NOT EXISTS place (id INTEGER PRIMARY KEY CHECK (id = 1), next);
"""
DELETE = "DELETE FROM consent WHERE (account_id, brand, kind, key, channel) = (?, ?, ?, ?, ?)"
REPLACE = "INSERT OR REPLACE INTO consent VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
MOST = 1000
EVERY_SECONDS = 5


def load(url, headers, body=None):
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
        return json.load(answer)


def new_token(origin, client):
    basic = b64encode(f"{client['client_id']}:{client['client_secret']}".encode()).decode()
    return load(f"{origin}/oauth/token", {"Authorization": f"Basic {basic}"}, b"grant_type=client_credentials")


def page(origin, token, after):
    query = urllib.parse.urlencode({"limit": MOST, **({"after": after} if after else {})})
    return load(f"{origin}/api/v1/events?{query}", {"Authorization": f"Bearer {token}"})


def keep(mirror, events, following):
    """Write what a page tells and where to go on, both or neither."""
    with mirror:
        for event in events:
            told = event["data"]
            what = [told["account_id"], told["brand"] or "", told["kind"], told["key"], told["channel"] or ""]
            if told["status"] is None:  # struck out, or the person was erased
                mirror.execute(DELETE, what)
            else:
                mirror.execute(REPLACE, [*what, told["status"], told["occurred_at"], event["id"]])
        mirror.execute("INSERT OR REPLACE INTO place VALUES (1, ?)", [following])


def forget(mirror):
    """Begin anew: Parley was restored from a backup, and does not hold any more all that is here."""
    with mirror:
        mirror.execute("DELETE FROM consent")
        mirror.execute("DELETE FROM place")


def step(origin, token, mirror):
    """Read one page; tell whether there is more already."""
    (after,) = mirror.execute("SELECT next FROM place").fetchone() or [None]
    try:
        found = page(origin, token, after)
    except urllib.error.HTTPError as refused:
        if refused.code != 410:
            raise
        forget(mirror)
        return True
    keep(mirror, found["events"], found["next"])
    return found["has_more"]


def main(client_file, mirror_file, origin="http://localhost:8000"):
    with open(client_file, encoding="utf-8") as file:
        client = json.load(file)
    mirror = sqlite3.connect(mirror_file)
    mirror.executescript(TABLES)
    while True:
        token = new_token(origin, client)
        until = time.monotonic() + token["expires_in"] - 60
        while time.monotonic() < until:
            if not step(origin, token["access_token"], mirror):
                time.sleep(EVERY_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
