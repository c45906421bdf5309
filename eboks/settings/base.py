"""Production settings: everything that differs between installations comes from the environment.

A missing or odd value stops the start and names itself (`eboks.env`). `dev` is the embedded
demo, `test` the suite; both build on this file.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from eboks import env, logs

BASE_DIR = Path(__file__).resolve().parents[2]

# --- what the operator sets -----------------------------------------------------------------
DEBUG = False
DEMO = False  # invented lessor, log-ins known to everybody: the embedded demo only
SECRET_KEY = env.secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.secrets("SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS")
SITE_URL = env.site("SITE_URL", among=ALLOWED_HOSTS)
CSRF_TRUSTED_ORIGINS = [SITE_URL]
DATA_DIR = env.directory("DATA_DIR")
DATABASES: dict[str, dict[str, object]] = {"default": env.database("DATABASE_URL")}
REDIS_URL = env.redis("REDIS_URL")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.email_address("DEFAULT_FROM_EMAIL")
globals().update(env.mail("EMAIL_URL"))
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", among=("DEBUG", "INFO", "WARNING", "ERROR"))
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 1, low=0, high=5)
LOGGING = logs.config(level=LOG_LEVEL)
SESSION_IDLE_SECONDS = 60 * env.number("SESSION_IDLE_MINUTES", 10, low=5, high=30)
SESSION_ABSOLUTE_SECONDS = 8 * 3600

# --- Django ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    "eboks.portal",
    "invoicing",
    "contracts",
    "eboks.feeds",
    "eboks.documents",
    "eboks.tenancy",
    "eboks.accounts",
    "eboks.admin_apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "lucide",
    "template_partials",
]

MIDDLEWARE = [
    "eboks.health.HealthMiddleware",
    "eboks.security.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "eboks.security.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "eboks.security.PrivateAnswersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "eboks.accounts.middleware.SessionLimitsMiddleware",
    "eboks.accounts.middleware.LanguageMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "eboks.tenancy.middleware.CompanyMiddleware",
]

ROOT_URLCONF = "eboks.urls"
WSGI_APPLICATION = "eboks.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
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
                "eboks.portal.context.frame",
            ],
            "libraries": {"ebok": "eboks.ui.tags"},
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "eboks.ui.tags",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

LANGUAGE_CODE = "pl"
LANGUAGES = [("pl", _("polski")), ("en", _("angielski")), ("uk", _("ukraiński"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Warsaw"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "build" / "collected"
STATICFILES_DIRS = [BASE_DIR / "static", BASE_DIR / "build" / "static"]  # eboks.assets makes it
MEDIA_ROOT = DATA_DIR / "documents"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- log-in ---------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["eboks.accounts.backends.LoginBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# The second factor comes with its own issue; until it is on, the password stands alone and has to
# be longer (NIST SP 800-63B-4).
SECOND_FACTOR_ENABLED = False
PASSWORD_MIN_LENGTH = 12 if SECOND_FACTOR_ENABLED else 15
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "eboks.accounts.validators.MinimumLength"},
    {"NAME": "eboks.accounts.validators.NotCommon"},
    {"NAME": "eboks.accounts.validators.NotAboutOwner"},
]
PASSWORD_RESET_TIMEOUT = 30 * 60
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:dashboard"
# Failed log-ins: (how many, in how many seconds). Further failures of one account wait longer.
LOGIN_FAILURES_PER_ACCOUNT = (5, 15 * 60)
LOGIN_FAILURES_PER_ADDRESS = [(10, 60), (60, 3600)]
LOGIN_FAILURES_IN_A_ROW = 100  # then only a password reset or a browser used before helps
LOGIN_DELAY_LIMIT_SECONDS = 4 * 3600
TRUSTED_BROWSER_COOKIE_NAME = "__Host-browser"
TRUSTED_BROWSER_SECONDS = 180 * 24 * 3600
SESSION_COOKIE_AGE = SESSION_ABSOLUTE_SECONDS
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
STAFF_SESSION_IDLE_SECONDS = 15 * 60
STAFF_SESSION_ABSOLUTE_SECONDS = 4 * 3600
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "eboks.accounts.views.csrf_failure"

ACCOUNT_ADAPTER = "eboks.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}  # the user name is the client ID
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]  # sign-up is closed; a check wants these named
ACCOUNT_EMAIL_VERIFICATION = "none"  # addresses come verified from the lessor
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": None,  # the adapter counts failures
    "reset_password": "10/m/ip,60/h/ip,3/15m/key",
}
ACCOUNT_FORMS = {
    "login": "eboks.accounts.forms.LoginForm",
    "change_password": "eboks.accounts.forms.ChangePasswordForm",
    "reset_password": "eboks.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "eboks.accounts.forms.ResetPasswordKeyForm",
    "user_token": "eboks.accounts.forms.UserTokenForm",
    "reauthenticate": "eboks.accounts.forms.ReauthenticateForm",
}

# --- cache, tasks ---------------------------------------------------------------------------
CACHES: dict[str, dict[str, object]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        # Not the broker's database: clearing the cache must not drop tasks.
        "LOCATION": env.redis("REDIS_URL", shift=1),
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
# celery: many small tasks, each safe to run twice, so a lost worker's work is simply done again
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,  # a countdown longer than this would run twice
    "priority_steps": [0, 3, 6, 9],
    "queue_order_strategy": "priority",
}
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_ALWAYS_EAGER = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT, CELERY_TASK_TIME_LIMIT = 540, 600
CELERY_TASK_ROUTES = {"invoicing.tasks.render_new_invoices": {"queue": "bulk"}}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_TIMEZONE = "Europe/Warsaw"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_IMPORTS = ["eboks.health"]
CELERY_BEAT_SCHEDULE = {
    "clear-sessions": {
        "task": "eboks.accounts.tasks.clear_sessions",
        "schedule": dt.timedelta(hours=6),
    },
    "heartbeat": {
        "task": "eboks.health.heartbeat",
        "schedule": dt.timedelta(minutes=1),
        "options": {"expires": 300},
    },
    "refresh-positions": {
        "task": "contracts.tasks.refresh_positions",
        "schedule": dt.timedelta(minutes=5),
        "options": {"expires": 280},
    },
    "render-new-invoices": {
        "task": "invoicing.tasks.render_new_invoices",
        "schedule": dt.timedelta(minutes=2),
        "options": {"expires": 110},
    },
}

# --- browser --------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_NAME = "__Host-language"
LANGUAGE_COOKIE_SECURE = True
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
