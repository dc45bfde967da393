"""Being told to stop, by TERM or INT."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Yield a question: did TERM or INT come? Only the main thread may call this, and for the duration neither ends it.

    The handlers touch no lock. `threading.Event.set` does, and never returns when the signal comes while the main
    thread holds that same lock in `Event.wait`.
    """
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: came.append(number))
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
