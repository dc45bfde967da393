"""What a WSGI server loads."""

import gc

from app.api import metering
from app.factory import create_app

app = create_app()
# All this lives as long as the process. Looking through it for what could be freed took half the time of a large batch.
gc.collect()
gc.freeze()
metering.start(app.extensions["parley"])
