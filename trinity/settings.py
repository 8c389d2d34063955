"""Settings, twelve-factor: everything that differs between places is in the environment.

``.env.example`` documents each name. A combination that could move the wrong money refuses to
start (``trinity.guards``).
"""

from __future__ import annotations

import logging
import os
from email.utils import quote
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from psycopg_pool import ConnectionPool

from kernel.modes import Mode
from trinity import agent_settings, content_security, flow, guards, logs
from trinity.origins import cookie_name, is_below_apex
from trinity.schedule import SWEEPS_EVERY_S

FLOW = flow.FLOW
BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
# Of one process of a stack: set by whoever started it, who has read .env and passed on what this
# process needs (trinity.stack.secrets). What it does not get, it does not miss.
PROCESS = env.str("TRINITY_PROCESS", default="")
if not PROCESS and (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")

if refusals := guards.problems(os.environ):
    raise ImproperlyConfigured("Trinity refuses to start. " + " ".join(refusals))

TRINITY_HOME = Path(env.str("TRINITY_HOME", default=str(BASE_DIR / ".trinity"))).resolve()
DEPLOYMENT_MODE = Mode(guards.mode(os.environ))
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="" if PROCESS in guards.KEYLESS else env.NOTSET)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # while rolling the key
PORT = env.int("PORT", default=8000)
# Where the process that takes what Stripe posts answers; empty: there is none, and web takes it.
DOORS_URL = env.str("DOORS_URL", default="").rstrip("/")
MCP_URL = env.str("MCP_URL", default="").rstrip("/")  # likewise, where agents call tools
BASE_URL = env.str("BASE_URL", default=f"http://localhost:{PORT}").rstrip("/")
_origin = urlsplit(BASE_URL)
WEB_BLOCKING_THREADS = env.int("WEB_BLOCKING_THREADS", default=4)  # per web worker
WEB_PURCHASE_THREADS = env.int("WEB_PURCHASE_THREADS", default=32)  # likewise, beside them
MCP_THREADS = env.int("MCP_THREADS", default=6)  # per mcp worker
IS_HTTPS = _origin.scheme == "https"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[_origin.hostname or "localhost", "127.0.0.1"])
CSRF_TRUSTED_ORIGINS = [BASE_URL]
CSRF_FAILURE_VIEW = "trinity.errors.csrf_failure"
# Returns {url name: how many wait}, shown beside the console's navigation; at most two queries.
NAVIGATION_COUNTS = "console.queries.waiting.navigation_counts"

# --- Stripe, or its stand-in -------------------------------------------------------------------
STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRETS = env.list("STRIPE_WEBHOOK_SECRETS", default=[])
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default=guards.STRIPE_API_BASE).rstrip("/")
STRIPE_OWN_API_BASE = guards.STRIPE_API_BASE
# Where a browser may be sent to pay: form-action names it, or the redirect after Buy is blocked.
STRIPE_PAY_ORIGINS = env.list(
    "STRIPE_PAY_ORIGINS",
    default=(
        [STRIPE_API_BASE]
        if DEPLOYMENT_MODE == Mode.SANDBOX
        else ["https://checkout.stripe.com", "https://buy.stripe.com"]
    ),
)
STRIPE_API_VERSIONS = env.list("STRIPE_API_VERSIONS", default=["2026-10-28.endive"])
STRIPE_ACCOUNT = env.str("STRIPE_ACCOUNT", default="")
WEBHOOK_LEASE_S = env.int("WEBHOOK_LEASE_S", default=300)  # an event's, while its worker lives
REFUSALS_WRITTEN_EVERY_S = 60  # counted in memory until then; 0: not written by themselves
DECISION_PROOFS = "trinity.step_up.decisions.DecisionProofs"
PAYMENT_GATEWAY = "revenue.adapters.stripe_gateway.StripeGateway"

# --- who sells ---------------------------------------------------------------------------------
SELLER_NAME = env.str("SELLER_NAME", default="Trinity Growth (sandbox seller)")
SELLER_ADDRESS = env.str("SELLER_ADDRESS", default="1 Example Street, Sampletown")
SELLER_CONTACT = env.str("SELLER_CONTACT", default="hello@trinity.localhost")
# The second name is an old one: it goes with the next version, and doctor says so.
OPERATOR_EMAILS = env.list("OPERATOR_EMAILS", default=env.list("SUPPORT_EMAILS", default=[]))

# --- what agents may do ------------------------------------------------------------------------
TOOLS = agent_settings.TOOLS
RESEARCH = agent_settings.Research.of(env, base_url=BASE_URL)
AGENT = agent_settings.Agent.of(env)  # the runtime that it works in
# Asked in live mode, each beside the account's own switch on the safety page.
LIVE_OUTREACH = env.bool("LIVE_OUTREACH", default=False)
LIVE_SPEND = env.bool("LIVE_SPEND", default=False)
RUN_CALLS_PER_MINUTE_MAX = env.int("RUN_CALLS_PER_MINUTE_MAX", default=300)
RUN_PROPOSALS_PER_MINUTE_MAX = env.int("RUN_PROPOSALS_PER_MINUTE_MAX", default=30)
RUN_WAITING_MAX = env.int("RUN_WAITING_MAX", default=10)
APPROVAL_HOLD_LIVE_S = env.int("APPROVAL_HOLD_LIVE_S", default=60)
APPROVAL_HOLD_S = env.int("APPROVAL_HOLD_S", default=5)
APPROVAL_USABLE_S = env.int("APPROVAL_USABLE_S", default=600)
PURCHASE_OVERDUE_H = env.int("PURCHASE_OVERDUE_H", default=72)

# --- apps --------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "trinity.apps.TrinityConfig",
    "trinity.logins.apps.LoginsConfig",
    "console.apps.ConsoleConfig",
    "revenue.apps.RevenueConfig",
    "crm.apps.CrmConfig",
    "fulfillment.apps.FulfillmentConfig",
    "toolrouter.apps.ToolrouterConfig",
    "approvals.apps.ApprovalsConfig",
    "notices.apps.NoticesConfig",
    "ledger.apps.LedgerConfig",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "django_structlog",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "trinity.middleware.ClientAddress",
    "trinity.middleware.ReadableCookies",
    "trinity.middleware.RequestLog",
    "csp.middleware.CSPMiddleware",
    "trinity.middleware.BodyLimit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "trinity.inactivity.InactivityTimeout",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "trinity.step_up.middleware.StepUp",  # before allauth answers a missing proof itself
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "trinity.middleware.OwnersProveTwice",
    "trinity.middleware.PrivatePages",
    "trinity.middleware.CutSessionIds",
    "trinity.middleware.WayBack",
    "trinity.middleware.FailClosed",
    "trinity.middleware.NoNul",
]

# A file is refused unless its page says that it takes one; none reaches the disk. How much a page
# takes at all is said on it as well (``kernel.permissions.takes_bytes``, ``takes_file``).
FILE_UPLOAD_HANDLERS = ["trinity.uploads.NoFile"]
DATA_UPLOAD_MAX_NUMBER_FILES = 1
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

ROOT_URLCONF = "trinity.urls"
APPEND_SLASH = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MESSAGE_TAGS = {10: "info", 20: "info", 25: "ok", 30: "wait", 40: "bad"}  # the tones of notes
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "trinity.context.deployment",
            ],
            "builtins": ["trinity.templatetags.words"],
        },
    }
]

# --- where things live -------------------------------------------------------------------------
# Pages and workers log in as a role that owns no table (kernel.grants). Only ``prepare`` and a few
# commands know the owner's address, and use it.
_url = env.str("DATABASE_URL", default="postgresql:///" if PROCESS == "beat" else env.NOTSET)
_application = env.db_url_config(_url)
_owner = env.db_url_config(env.str("MIGRATION_DATABASE_URL", default="") or _url)
APPLICATION_ROLE = "" if _application["USER"] == _owner["USER"] else _application["USER"]
DATABASES = {"default": _owner if env.bool("DATABASE_AS_OWNER", default=False) else _application}
DATABASES["default"].setdefault("OPTIONS", {})
POOL = {
    "min_size": 1,
    # Each thread for pages may hold one, and the two that file what Stripe posts keep theirs.
    "max_size": max(6, WEB_BLOCKING_THREADS + 2),
    "timeout": 5,
    # After a restart of Postgres each stale connection but the first costs its finder a pause,
    # so few are kept idle; and who waits for a new one gets it within a second.
    "max_idle": 30,
    "reconnect_timeout": 1,
    "reconnect_failed": ConnectionPool.check,
}
# A command has no pool: it would wait for a database that is not there, and warn meanwhile.
IS_POOLED = env.bool("DATABASE_POOL", default=True)
DATABASES["default"]["OPTIONS"] |= {
    **({"pool": POOL} if IS_POOLED else {"connect_timeout": 5}),
    # Statements are prepared: a sale runs the same fourteen every time. (A pooler that shares
    # server connections between transactions must support that, or set this to None.)
    "prepare_threshold": 5,
    "server_side_binding": True,
}
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "kernel.caching.JsonRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "trinity-json",  # below "trinity" 0.1 left pickles
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
STATIC_URL = "/static/"
STATIC_ROOT = TRINITY_HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}


# --- celery ------------------------------------------------------------------------------------
def celery_url(redis_url: str) -> str:
    """Celery spells a unix socket differently from redis-py."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    return f"redis+socket://{parts.path}?virtual_host={parts.query.removeprefix('db=') or '0'}"


CELERY_BROKER_URL = celery_url(REDIS_URL)
# Messages are data: a worker runs tasks that we registered, and unpickles nothing.
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = CELERY_EVENT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ROUTES = flow.TASK_ROUTES
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,  # longer than any task, or a slow one is delivered twice
    "socket_timeout": 5,
    "socket_connect_timeout": 0.25,
    # With the broker down a publish tries once more at once; by default it sleeps for six seconds.
    "max_retries": 1,
    **dict.fromkeys(("interval_start", "interval_step", "interval_max"), 0),
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
# A tick that nobody took is dropped, lest a worker that was away finds days of them. When is said
# by beat's clock and judged by the worker's, and these may be ten minutes apart.
BEAT_TICK_LIVES_S = 2 * 600
CELERY_BEAT_SCHEDULE = {
    name: {
        "task": name,
        "schedule": seconds,
        "options": {"expires": max(seconds, BEAT_TICK_LIVES_S)},
    }
    for name, seconds in SWEEPS_EVERY_S.items()
}

# --- people ------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/console/"
ACCOUNT_ADAPTER = "trinity.accounts.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300  # seconds that a proof holds (trinity.step_up)
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # a stranger's address gets no mail from us
ACCOUNT_EMAIL_NOTIFICATIONS = True  # a changed password or second factor is told to its owner
# trinity.logins.limits counts instead: allauth's would shut all out who share an address with one.
ACCOUNT_RATE_LIMITS = dict.fromkeys(
    ("login", "login_failed", "reset_password", "reset_password_from_key")
)
MFA_RATE_LIMITS = {"webauthn_login": None}
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _origin.scheme
ACCOUNT_FORMS = {
    "login": "trinity.account_forms.LoginForm",
    "reset_password": "trinity.account_forms.ResetPasswordForm",
    "change_password": "trinity.account_forms.ChangePasswordForm",
}
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "trinity.logins.links.PasswordLinks"  # noqa: S105  # a name
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_USER_DISPLAY = "trinity.accounts.person_name"
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # seconds; invitations and reset links
USERSESSIONS_ADAPTER = "trinity.accounts.SessionsAdapter"
USERSESSIONS_TRACK_ACTIVITY = False
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
MFA_FORMS = {
    "authenticate": "trinity.account_forms.AuthenticateForm",
    "activate_totp": "trinity.account_forms.ActivateTOTPForm",
    "add_webauthn": "trinity.passkeys.AddForm",
    "edit_webauthn": "trinity.passkeys.RenameForm",
    "authenticate_webauthn": "trinity.passkeys.AuthenticateForm",
    "login_webauthn": "trinity.passkeys.LoginForm",
}
MFA_ADAPTER = "trinity.accounts.SecondFactorAdapter"
MFA_TOTP_ISSUER = f"Trinity, {SELLER_NAME}"
MFA_TOTP_TOLERANCE = 1  # one step of 30 s either way: clocks of phones drift
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not IS_HTTPS
WEBAUTHN_RP_ID = env.str("WEBAUTHN_RP_ID", default=_origin.hostname or "localhost")
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "trinity.passwords.ContextWordsValidator"},
]

# --- the browser -------------------------------------------------------------------------------
# Two stacks on one host must not share cookies: the port is part of the name.
SESSION_COOKIE_NAME = cookie_name("session", port=PORT, is_https=IS_HTTPS)
CSRF_COOKIE_NAME = cookie_name("csrf", port=PORT, is_https=IS_HTTPS)
KNOWN_BROWSER_COOKIE_NAME = cookie_name("browser", port=PORT, is_https=IS_HTTPS)
LINK_COOKIE_NAME = cookie_name("link", port=PORT, is_https=IS_HTTPS)
PASSKEY_COOKIE_NAME = cookie_name("passkey", port=PORT, is_https=IS_HTTPS)
ORDERS_COOKIE_NAME = cookie_name("orders", port=PORT, is_https=IS_HTTPS)
ORDERS_COOKIE_FORMER_NAME = cookie_name("orders", port=PORT, is_https=False)  # of 0.1
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True  # forms carry the token; no script reads it
SESSION_COOKIE_AGE = 12 * 3600
SESSION_IDLE_S = 60 * env.int("SESSION_IDLE_MINUTES", default=60)
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
# By itself only where the shop is below somebody's domain: on an apex it would bind other sites.
HSTS_SUBDOMAINS = env.bool("HSTS_SUBDOMAINS", default=is_below_apex(_origin.hostname or ""))
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS and HSTS_SUBDOMAINS
# The proxy redirects to https; preloading is the domain owner's word; the rest is said above.
SILENCED_SYSTEM_CHECKS = ["security.W008", "security.W021"]
SILENCED_SYSTEM_CHECKS += [] if HSTS_SUBDOMAINS else ["security.W005"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = content_security.policy(form_targets=STRIPE_PAY_ORIGINS)

# --- mail --------------------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = TRINITY_HOME / "mail"
if email_url := env.str("EMAIL_URL", default=""):
    vars().update(env.email_url_config(email_url))
EMAIL_TIMEOUT = 10  # seconds
MAILER = "notices.adapters.mailer.DjangoMailer"
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", default=f'"{quote(SELLER_NAME)}" <{SELLER_CONTACT}>'
)

# --- ledger ------------------------------------------------------------------------------------
SEAL_KEY_FILE = Path(env.str("SEAL_KEY_FILE", default=str(TRINITY_HOME / "seal.key")))
SEALS_LOG = Path(env.str("SEALS_LOG", default=str(TRINITY_HOME / "seals.log")))
# Keys of the ledger that are trusted: these where there are any, else those in the file.
SEAL_PUBLIC_KEYS = env.list("SEAL_PUBLIC_KEYS", default=[])
SEAL_PINS = env.str("SEAL_PINS", default="")  # "": seal.pins, beside SEAL_KEY_FILE
SEAL_HEAD_SINK = "ledger.adapters.seals_log.SealsLog"  # where heads go, outside the database

# --- logs ---------------------------------------------------------------------------------------
LOG_FORMAT = env.str("LOG_FORMAT", default="lines" if DEPLOYMENT_MODE == Mode.SANDBOX else "json")
LOGGING = logs.configuration(
    is_json=LOG_FORMAT == "json", level=env.str("LOG_LEVEL", default="INFO")
)
logs.configure_structlog()
DJANGO_STRUCTLOG_CELERY_ENABLED = True  # a request's id goes on into the tasks it woke
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_USER_ID_FIELD = ""  # trinity.logs.say_who does it without a query
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
DJANGO_STRUCTLOG_CELERY_DEFAULT_LOG_LEVEL = logging.DEBUG

# --- words -------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE, USE_TZ, USE_I18N = "UTC", True, False
FORMAT_MODULE_PATH = "trinity.formats"
BODY_KEPT_DAYS = env.int("BODY_KEPT_DAYS", default=90)
# A second payment of one person for one offer within so many hours waits for a person; 0: never.
DOUBLE_PAYMENT_HOURS = env.int("DOUBLE_PAYMENT_HOURS", default=24)
# Also where Stripe's fingerprint of the card is the same. Its test cards are everybody's.
COMPARE_CARD_FINGERPRINTS = env.bool(
    "COMPARE_CARD_FINGERPRINTS", default=DEPLOYMENT_MODE == Mode.LIVE
)
SITE_NAME = "Trinity"
