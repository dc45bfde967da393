"""A browser or a service on the wire: cookies, an origin and an agent of its own; answers as the tests read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx


class Answer:
    """What came back, named as Flask's test client names it."""

    def __init__(self, found: httpx.Response) -> None:
        self.status_code, self.text, self.data, self.headers = (
            found.status_code,
            found.text,
            found.content,
            found.headers,
        )
        self.location = found.headers.get("Location", "")
        self._found = found

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return self._found.json()


class Browser:
    """Speaks to a Parley that runs in a process of its own, as the helpers of `tests` speak to a test client."""

    def __init__(self, port: int, origin: str, user_agent: str) -> None:
        headers = {"X-Forwarded-For": origin, "User-Agent": user_agent}
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60)

    def get(self, path: str, query_string: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        """Fetch something."""
        return self._send("GET", path, **({"params": query_string} if query_string else {}), **more)

    def post(self, path: str, **more: Any) -> Answer:
        """Send a form (`data`), JSON (`json`), or a body of some `content_type`."""
        return self._send("POST", path, **more)

    def patch(self, path: str, **more: Any) -> Answer:
        """Change something."""
        return self._send("PATCH", path, **more)

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def _send(self, method: str, path: str, data: Any = None, content_type: str = "", **more: Any) -> Answer:
        if content_type:
            more = {**more, "content": data, "headers": {**more.get("headers", {}), "Content-Type": content_type}}
        elif data is not None:
            more = {**more, "data": data}
        return Answer(self._http.request(method, path, **more))
