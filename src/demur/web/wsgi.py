"""The WSGI application that a server loads."""

import os
import tempfile

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from demur.docket.home import empty_uploads
from demur.web.thread_state import keep_state_by_thread

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "demur.web.settings")

keep_state_by_thread()
application = get_wsgi_application()

empty_uploads(settings.FILE_UPLOAD_TEMP_DIR)
tempfile.tempdir = str(settings.FILE_UPLOAD_TEMP_DIR)  # what the server buffers is no less private
