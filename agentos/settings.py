"""Settings by environment only. `.env.example` names every variable; a wrong value stops the start, loudly."""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import structlog
from celery.schedules import crontab
from csp.constants import NONCE

from agentos import embedded
from agentos.wiring import *  # noqa: F403 - names of functions, as settings

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
TESTING = "pytest" in sys.modules
if not TESTING:
    environ.Env.read_env(BASE_DIR / ".env")
LOCAL_DIR = Path(env.str("AGENTOS_LOCAL_DIR", default=str(BASE_DIR / ".local")))
if not TESTING and sys.argv[1:2] != ["demo"]:  # which chooses anew
    environ.Env.read_env(LOCAL_DIR / "demo.env")  # the port and the practice carrier of a running demo

# Core

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or embedded.local_secret(LOCAL_DIR, "secret_key")
# Wraps the data keys of every tenant (agentos/vault.py). The old ones are still believed, until `rotate_keys` has run.
VAULT_KEY = env.str("VAULT_KEY", default="") or embedded.local_secret(LOCAL_DIR, "vault_key")
VAULT_KEY_IS_LOCAL = not env.str("VAULT_KEY", default="")
VAULT_KEYS_OLD = env.list("VAULT_KEYS_OLD", default=[])
PORT = env.int("PORT", default=8000)
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = [
    *env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"]),
    urlsplit(PUBLIC_URL).hostname or "127.0.0.1",
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
ROOT_URLCONF = "agentos.urls"
ASGI_APPLICATION = "agentos.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "agentos.forms.FieldRenderer"
APPEND_SLASH = True

INSTALLED_APPS = [
    "daphne",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "channels",
    "allauth",
    "allauth.account",
    "django_htmx",
    "csp",
    "django_structlog",
    "phonenumber_field",
    "agentos",
    "agentos.tenants",
    "agentos.webhooks",
    "agents",
    "calls",
    "telephony",
    "campaigns",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "agentos.tenants.middleware.TenantMiddleware",
]

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
                "csp.context_processors.nonce",
                "agentos.tenants.context.shell",
                "calls.context.lines",
                "campaigns.context.replies",
            ],
            "builtins": ["agentos.tenants.templatetags.words", "agentos.tenants.templatetags.parts"],
        },
    }
]

# Database, cache, queue

DATABASES = {"default": env.db_url("DATABASE_URL", default=embedded.database_url(LOCAL_DIR))}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["OPTIONS"] |= {
    "connect_timeout": 3,
    "options": "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000"
    # What is prepared (agentos/tenants/prepared.py) is planned once; left alone, some of it is planned each time.
    " -c plan_cache_mode=force_generic_plan",
}
if env.bool("DATABASE_POOL", default=sys.argv[1:2] == ["serve"]):
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": env.int("DATABASE_POOL_SIZE", default=10),
        "timeout": 3,
        # Each failed attempt doubles the pause before the next: after an outage the pool would stay away nearly as long
        # again. Given up, it tries at once when the next query comes.
        "reconnect_timeout": 2,
    }

REDIS_URL = env.str("REDIS_URL", default=embedded.redis_url(LOCAL_DIR))
_REDIS_SOCKET = REDIS_URL.startswith("unix://")

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "agentos",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # redis-py 8 closes an idle consumer after five seconds unless the read timeout is lifted.
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}], "prefix": "agentos", "expiry": 30},
    }
}

CELERY_BROKER_URL = REDIS_URL
if _REDIS_SOCKET:  # Celery has its own words for a socket and for the database behind it
    CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(LOCAL_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "sweep calls": {"task": "calls.tasks.sweep", "schedule": 30.0},
    "forget what is old": {"task": "calls.tasks.forget_old", "schedule": 3600.0},
    "watch budgets": {"task": "calls.tasks.watch_budgets", "schedule": 60.0},
    "look after transfers": {"task": "telephony.tasks.look_after_transfers", "schedule": 5.0},
    "read ended calls": {"task": "calls.tasks.analyze_ended", "schedule": 5.0},
    "follow calendars": {"task": "calls.tasks.follow_calendars", "schedule": 120.0},
    "deliver webhooks": {"task": "agentos.webhooks.tasks.sweep", "schedule": 15.0},
    "forget webhooks": {"task": "agentos.webhooks.tasks.forget", "schedule": 3600.0},
    "claim due people": {"task": "campaigns.tasks.tick", "schedule": 1.0},
    "look after attempts": {"task": "campaigns.tasks.reconcile", "schedule": 15.0},
    "refresh vendor lists": {
        "task": "agents.tasks.refresh_vendor_lists",
        "schedule": crontab(hour=7, minute=40),
    },
    "read pages again": {"task": "agents.tasks.read_pages_again", "schedule": crontab(hour=8, minute=20)},
    "compare copies": {"task": "agents.tasks.compare_copies", "schedule": crontab(hour=8, minute=40)},
    "look after hosted calls": {"task": "calls.tasks.look_after_hosted", "schedule": 20.0},
    "take prices": {"task": "campaigns.tasks.take_prices", "schedule": 1800.0},
}

# People

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = None  # the person chooses
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "agentos.tenants.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "agentos.tenants.forms.SignInForm",
    "reset_password": "agentos.tenants.forms.ForgotPasswordForm",
    "reset_password_from_key": "agentos.tenants.forms.NewPasswordForm",
}
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,10/15m/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0

# Mail

_MAIL = env.email_url("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = _MAIL["EMAIL_BACKEND"], _MAIL["EMAIL_HOST"], _MAIL["EMAIL_PORT"] or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL["EMAIL_HOST_USER"] or "", _MAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _MAIL.get("EMAIL_USE_TLS", False), _MAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default=f"AgentOS <no-reply@{urlsplit(PUBLIC_URL).hostname}>")

# Language and time

LANGUAGE_CODE = "en-us"
USE_TZ = True
TIME_ZONE = "UTC"

# Files

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(LOCAL_DIR / "static")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG or TESTING
DATA_DIR = Path(env.str("DATA_DIR", default=str(LOCAL_DIR / "data")))
SPOOL_DIR = DATA_DIR / "spool"
RECORDINGS_DIR = DATA_DIR / "recordings"
SPEECH_CACHE_DIR = DATA_DIR / "speech"
# Clips of campaigns; any storage of Django takes them.
STORAGES["clips"] = {
    "BACKEND": env.str("CLIPS_BACKEND", default="django.core.files.storage.FileSystemStorage"),
    "OPTIONS": env.json("CLIPS_OPTIONS", default={"location": str(DATA_DIR / "clips")}),
}

# Security

_HTTPS = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_NAME = "__Host-session" if _HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if _HTTPS else "csrftoken"
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
# The proxy sends people from HTTP to HTTPS; about other names of its domain this installation knows nothing.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021"]
X_FRAME_OPTIONS = "DENY"
_SELF = ["'self'"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": _SELF,
        "script-src": [*_SELF, NONCE],
        "style-src": _SELF,
        "img-src": [*_SELF, "data:"],
        "media-src": [*_SELF, "blob:"],
        "worker-src": _SELF,
        "connect-src": _SELF,
        "frame-ancestors": ["'none'"],
        "form-action": _SELF,
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
    }
}

# Plays drafts before they are published; see agents.rehearsing
REHEARSALS = "calls.rehearsal.gate"
# What agents can do: modules that declare `TOOLS`
TOOLS = (
    "calls.tools.searching",
    "calls.tools.appointments",
    "calls.tools.leads",
    "calls.tools.call_backs",
    "calls.tools.messages",
    "calls.tools.handing_over",
    "calls.tools.transfer",
    "calls.tools.keys",
    "calls.tools.ending",
    "campaigns.tools",
    "campaigns.remembering",
)

# Carrier and vendors

TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_AUTH_TOKEN_SECONDARY = env.str("TWILIO_AUTH_TOKEN_SECONDARY", default="")
TWILIO_API_KEY_SID = env.str("TWILIO_API_KEY_SID", default="")
TWILIO_API_KEY_SECRET = env.str("TWILIO_API_KEY_SECRET", default="")
TWILIO_TWIML_APP_SID = env.str("TWILIO_TWIML_APP_SID", default="")
TWILIO_BASE_URL = env.str("TWILIO_BASE_URL", default="https://api.twilio.com").rstrip("/")

NO_KEY = "none"  # what a server of one's own is told that wants none
VENDORS = {
    "deepgram": {
        "api_key": env.str("DEEPGRAM_API_KEY", default=""),
        "base_url": env.str("DEEPGRAM_BASE_URL", default="https://api.deepgram.com").rstrip("/"),
    },
    "openai": {
        "api_key": env.str("OPENAI_API_KEY", default="") or (NO_KEY if env.str("OPENAI_BASE_URL", default="") else ""),
        "base_url": env.str("OPENAI_BASE_URL", default="https://api.openai.com/v1").rstrip("/"),
    },
    "anthropic": {
        "api_key": env.str("ANTHROPIC_API_KEY", default=""),
        "base_url": env.str("ANTHROPIC_BASE_URL", default="https://api.anthropic.com").rstrip("/"),
    },
    "elevenlabs": {
        "api_key": env.str("ELEVENLABS_API_KEY", default=""),
        "base_url": env.str("ELEVENLABS_BASE_URL", default="https://api.elevenlabs.io").rstrip("/"),
    },
    "offline": {"api_key": "", "base_url": ""},
}
# What an agent chooses as "Own server" where its business has entered none; and what hears in OpenAI's place.
_OWN = (
    ("own_model", env.str("OWN_MODEL_BASE_URL", default=""), env.str("OWN_MODEL_API_KEY", default="")),
    ("own_ears", env.str("OWN_EARS_BASE_URL", default=""), env.str("OWN_EARS_API_KEY", default="")),
    ("own_voice", env.str("OWN_VOICE_BASE_URL", default=""), env.str("OWN_VOICE_API_KEY", default="")),
)
VENDORS |= {name: {"base_url": base.rstrip("/"), "api_key": base and (key or NO_KEY)} for name, base, key in _OWN}
WHISPER = {"api_key": env.str("WHISPER_API_KEY", default=""), "base_url": env.str("WHISPER_BASE_URL", default="")}
# Passages are found by meaning where an OpenAI key, or a server of one's own that speaks the same, measures it.
EMBEDDING_MODEL = env.str("EMBEDDING_MODEL", default="text-embedding-3-small")
EMBEDDING_BASE_URL = env.str("EMBEDDING_BASE_URL", default="").rstrip("/")

# Addresses of tenants (agentos/outgoing.py)

OUTGOING_TRUSTED = frozenset(env.list("OUTGOING_TRUSTED", default=[]))

# Whose lines callers may be put through to; premium, shared-cost and satellite numbers never are

TRANSFER_COUNTRIES = tuple(each.upper() for each in env.list("TRANSFER_COUNTRIES", default=["US"]))

# Google Calendar: what Google calls an OAuth client, of the kind "web application"

GOOGLE_CLIENT_ID = env.str("GOOGLE_CLIENT_ID", default="")
GOOGLE_CLIENT_SECRET = env.str("GOOGLE_CLIENT_SECRET", default="")
GOOGLE_BASE_URL = env.str("GOOGLE_BASE_URL", default="").rstrip("/")

# Calls

CALLS_PER_PROCESS = env.int("CALLS_PER_PROCESS", default=120)
DRAIN_TIMEOUT_S = env.int("DRAIN_TIMEOUT_S", default=900)

# Campaigns

CARRIER_CALLS_PER_SECOND = env.float("CARRIER_CALLS_PER_SECOND", default=1.0)
CARRIER_CALLS_AT_ONCE = env.int("CARRIER_CALLS_AT_ONCE", default=0)
TENANT_CALLS_PER_SECOND = env.float("TENANT_CALLS_PER_SECOND", default=0.0)
CARRIER_LINES_KEPT_FREE = env.int("CARRIER_LINES_KEPT_FREE", default=0)
ATTEMPT_LOOK_AGAIN_S = env.int("ATTEMPT_LOOK_AGAIN_S", default=30)
ATTEMPT_ABSENT_S = env.int("ATTEMPT_ABSENT_S", default=120)
ATTEMPT_LATE_S = env.int("ATTEMPT_LATE_S", default=60)
CALL_TOKEN_SECONDS = 60

# Logs

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
_LOG_RENDERER = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
_LOG_STEPS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": _LOG_RENDERER,
            "foreign_pre_chain": [*_LOG_STEPS, structlog.processors.format_exc_info],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        name: {"level": LOG_LEVEL} for name in ("agentos", "agents", "calls", "telephony", "campaigns", "celery")
    },
}
structlog.configure(
    processors=[
        *_LOG_STEPS,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
