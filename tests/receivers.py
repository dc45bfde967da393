"""A receiver of webhooks: a real HTTP server on loopback that takes, refuses, hangs, redirects or drips."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook


class Receiver:
    """Keeps what was posted, and answers 200 once `script` is used up.

    An entry is a status, a status with headers, or what it does: `hang`, `drip` (answer byte by byte), `cut`, `chatter`
    and `murmur` (answer at once, and then go on and on, with much or with little).
    """

    def __init__(self):
        self.script, self.seen, self.over, self.usual = deque(), [], threading.Event(), 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.seen.append((dict(self.headers), body))
                receiver.act(self, receiver.script.popleft() if receiver.script else receiver.usual)

            def do_GET(self):
                receiver.seen.append(("GET", self.path))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """Whoever was called hangs up on us; that is what some tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}/in?key=very-secret"

    def act(self, handler, act):
        """Answer."""
        if act == "hang":
            self.over.wait(20)
        elif act == "drip":
            for byte in b"HTTP/1.1 200 OK\r\nX-Much: " + b"a" * 1_000:
                handler.wfile.write(bytes([byte]))
                if self.over.wait(0.02):
                    break
        elif isinstance(act, str) and act in {"chatter", "murmur"}:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while not self.over.wait(0.01):
                handler.wfile.write(b"a" * (10_000 if act == "chatter" else 1))
        elif act == "cut":
            handler.connection.shutdown(socket.SHUT_RDWR)
        else:
            status, headers = act if isinstance(act, tuple) else (act, {})
            handler.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                handler.send_header(name, value)
            handler.end_headers()

    def ids(self):
        """List the ids of what came, in order."""
        return [headers["webhook-id"] for headers, _ in self.seen]

    def verified(self, secret):
        """Give all that came, verified by the library of the field."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.seen]

    def wait_for(self, number, seconds=20):
        """Wait until so many came."""
        deadline = time.monotonic() + seconds
        while len(self.seen) < number:
            assert time.monotonic() < deadline, f"only {len(self.seen)} of {number} came"
            time.sleep(0.01)


@contextmanager
def receiving():
    """Yield a receiver that serves."""
    receiver = Receiver()
    thread = threading.Thread(target=lambda: receiver.server.serve_forever(poll_interval=0.01))
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        receiver.server.shutdown()
        thread.join()
        receiver.server.server_close()
