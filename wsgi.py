"""What a WSGI server loads."""

from app.api import metering
from app.factory import create_app

app = create_app()
metering.start(app.extensions["parley"])
