"""Django reads these names; what is not here is as in ``django.conf.locale.en``."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i e"
SHORT_DATETIME_FORMAT = DATETIME_FORMAT
