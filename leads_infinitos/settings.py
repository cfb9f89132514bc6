"""Every setting, read once from the environment; `.env.example` documents each name.

Defaults are safe for development only: `leads_infinitos.checks` refuses them in production (DEBUG off).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import environ
from csp.constants import NONE, SELF

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
# ENV_FILE names another file; tests name none, so that nobody's own .env decides their outcome.
environ.Env.read_env(os.environ.get("ENV_FILE", str(BASE_DIR / ".env")))
# A name without a value, as .env.example has them, is not set.
env.ENVIRON = {name: value for name, value in os.environ.items() if value.strip()}

DEVELOPMENT_KEY = "development-only-key-never-use-it-in-production"
DEVELOPMENT_FIELD_KEY = "ZGV2ZWxvcG1lbnQta2V5LW5vdC1mb3ItcHJvZHVjdGk="  # pragma: allowlist secret (public on purpose)

DEBUG: bool = env.bool("DEBUG", default=True)
PRODUCTION = not DEBUG
SECRET_KEY: str = env.str("SECRET_KEY", default=DEVELOPMENT_KEY if DEBUG else "")
# MultiFernet keys, the first encrypts, all decrypt. Each is 32 url-safe base64 bytes.
FIELD_ENCRYPTION_KEYS: list[str] = env.list("FIELD_ENCRYPTION_KEY", default=[DEVELOPMENT_FIELD_KEY] if DEBUG else [])
PUBLIC_URL: str = env.str("PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))
VAR_DIR.mkdir(parents=True, exist_ok=True)

INSTALLED_APPS = [
    "leads_infinitos.portal",
    "accounts",
    "billing",
    "extraction",
    "campaigns",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "csp",
    "django_celery_beat",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "heroicons",
    "rest_framework",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "leads_infinitos.portal.middleware.FinalSlashMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.MembershipMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "leads_infinitos.urls"
WSGI_APPLICATION = "leads_infinitos.wsgi.application"
APPEND_SLASH = False  # design: pages, API and webhooks answer with and without the final slash, without a redirect

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
                "leads_infinitos.portal.context.portal",
            ],
        },
    },
]

# Database: PostgreSQL when DATABASE_URL names one, else SQLite in var/ (ADR 0002)
DATABASE_URL: str = env.str("DATABASE_URL", default="")
SQLITE_OPTIONS: dict[str, Any] = {
    # Every transaction takes the write lock at its start: SQLite has no row locks, so this is what makes a claim atomic.
    "transaction_mode": "IMMEDIATE",
    "timeout": 30,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728;"
    " PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;",
}
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url_config(DATABASE_URL or f"sqlite:///{VAR_DIR / 'leads.sqlite3'}"),
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
    # Threads share a file database; an in-memory one would give each thread its own. One per process: runs never collide.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(tempfile.gettempdir()) / f"leads-test-{os.getpid()}.sqlite3")}
else:
    DATABASES["default"].setdefault("OPTIONS", {})
    # jit: measured to cost more than it saves on the claim's short statements (engine.md §2).
    DATABASES["default"]["OPTIONS"].setdefault("options", "-c jit=off")
    DATABASES["default"]["TEST"] = {"NAME": f"test_leads_{os.getpid()}"}
    DATABASES["default"]["CONN_MAX_AGE"] = 600
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis and Celery
REDIS_URL: str = env.str("REDIS_URL", default="")
EMBEDDED = not REDIS_URL  # worker and beat live inside the web process
CELERY_BROKER_URL = REDIS_URL or "memory://localhost"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"campaigns.tasks.pump_lanes": {"queue": "sending"}}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 1  # seconds
# The in-memory transport polls once a second when its window is full: 35 tasks/s against 750 with 0.02 (ecosystem §1.3).
CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.02} if EMBEDDED else {"visibility_timeout": 3600}

CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# People and passwords
AUTH_USER_MODEL = "accounts.User"
SILENCED_SYSTEM_CHECKS = ["auth.W004"]  # the e-mail is unique in lower case: constraint user_email_once
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 24 * 3600  # seconds; also the life of the welcome link, which the reset page can renew
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:dashboard"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.NewPasswordForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "set_password": "accounts.forms.SetPasswordForm",
}
ACCOUNT_SESSION_REMEMBER = True  # owners look in from their phone several times a day
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody gets a mail because a stranger typed their address
ACCOUNT_EMAIL_VERIFICATION = "none"  # an address is proved by the set-password link before its account can be entered
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "reset_password": "20/m/ip,5/m/key"}

# Language, time, static files
LANGUAGE_CODE = "pt-br"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "America/Sao_Paulo"  # only how times are shown when no account is known; rows hold UTC
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR_DIR / "media"
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # bytes; larger uploads go to disk
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # bytes of a body that is not a file
UPLOAD_MAX_BYTES = 20 * 1024 * 1024  # largest spreadsheet
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG

# Security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # QR codes arrive from the gateway as data URLs
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=PRODUCTION)
SECURE_REDIRECT_EXEMPT = [r"^healthz/?$", r"^readyz/?$", r"^webhooks/"]  # a redirect turns a webhook into a lost event
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
BEHIND_PROXY: bool = env.bool("BEHIND_PROXY", default=PRODUCTION)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# The login's limits count the visitor's address, not the proxy's: else one attacker locks everybody out.
ALLAUTH_TRUSTED_PROXY_COUNT = int(BEHIND_PROXY)

# E-mail: the sandbox's sink unless EMAIL_URL says otherwise
SANDBOX_PORT: int = env.int("SANDBOX_PORT", default=9100)
SANDBOX_SMTP_PORT: int = env.int("SANDBOX_SMTP_PORT", default=9125)
SANDBOX_WANTED: bool = env.bool("SANDBOX", default=DEBUG)
SANDBOX = DEBUG and SANDBOX_WANTED  # never in production, and a check says so to whoever wants it there
SANDBOX_URL = f"http://127.0.0.1:{SANDBOX_PORT}"
# The proof of the sender (manage.py prove_sending): the points at which its processes kill themselves, each with its
# probability, and the protection that it takes away.
PROOF_WANTED: bool = bool(env.str("PROOF_KILLS", default="") or env.str("PROOF_BREAK", default=""))
PROOF_KILLS: dict[str, float] = env.json("PROOF_KILLS", default={}) if SANDBOX else {}
PROOF_BREAK: str = env.str("PROOF_BREAK", default="") if SANDBOX else ""
_email = env.email_url("EMAIL_URL", default=f"smtp://127.0.0.1:{SANDBOX_SMTP_PORT}" if DEBUG else "consolemail://")
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_HOST = _email.get("EMAIL_HOST", "")
EMAIL_PORT = _email.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _email.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 15  # seconds
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="Leads Infinitos <nao-responda@leadsinfinitos.com.br>")

# Providers
HOTMART_HOTTOKS: list[str] = env.list("HOTMART_HOTTOK", default=["sandbox-hottok"] if SANDBOX else [])
GATEWAY_ALLOWED_HOSTS: list[str] = env.list("GATEWAY_ALLOWED_HOSTS", default=[f"{SANDBOX_URL}/mega"] if SANDBOX else [])
# The sending engine (docs/sending.md): seconds of one gateway call, of one pump run, and how many calls may be open.
CALL_TIMEOUT_S: float = env.float("CALL_TIMEOUT_S", default=30.0)
PUMP_BUDGET_S: float = env.float("PUMP_BUDGET_S", default=10.0)
PUMP_CALLS: int = env.int("PUMP_CALLS", default=64)
PUMP_CALLS_PER_HOST: int = env.int("PUMP_CALLS_PER_HOST", default=32)
MIN_GAP_S: float = env.float("MIN_GAP_S", default=30.0 if PRODUCTION else 0.0)
SEND_ONLY_TO: list[str] = env.list("SEND_ONLY_TO", default=[])
# The restore guard (docs/sending.md): the name of this installation, and where it remembers how far sending got.
INSTALLATION_ID: str = env.str("INSTALLATION_ID", default="")
WITNESS_URL: str = env.str("WITNESS_URL", default=f"file://{quote(str(VAR_DIR.resolve()))}")

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.HashedTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.IsMember"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "leads_infinitos.portal.api_pagination.Pages",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "leads_infinitos.portal.api_errors.handle",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": env.str("API_RATE", default="600/min")},
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Leads Infinitos",
    "DESCRIPTION": "API do Leads Infinitos: listas, importações, conexões e campanhas.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["accounts.api.IsMember"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
}

# Logs: event names and ids only; no phone, body or token ever (house style 2.6)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "leads_infinitos.logs.EventFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},  # Django's own would print each record a second time
        "django.server": {"level": "WARNING"},
        "httpx2": {"level": "WARNING"},  # its INFO line holds the address, and that the key of an instance
        # One line per tick would bury the events; failures still show.
        "celery.beat": {"level": "WARNING"},
        "django_celery_beat": {"level": "WARNING"},
        "celery.worker": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "kombu": {"level": "WARNING"},
    },
}
