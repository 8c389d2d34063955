"""Trinity's settings with pages that say what they were asked, for the server's own tests."""

from trinity.settings import *  # noqa: F403  # all of them, and one more

ROOT_URLCONF = "tests.trinity.serving.echo_urls"
ALLOWED_HOSTS = ["*"]
