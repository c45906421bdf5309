"""Production settings: everything that differs between installations comes from the environment.

A missing or odd value stops the start and names itself (`eboks.env`). `dev` is the embedded
demo, `test` the suite; both build on this file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from eboks import env, logs
from eboks.settings import schedule

BASE_DIR = Path(__file__).resolve().parents[2]

# --- what the operator sets -----------------------------------------------------------------
DEBUG = False
DEMO = False  # invented lessor, log-ins known to everybody: the embedded demo only
SECRET_KEY = env.secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.secrets("SECRET_KEY_FALLBACKS")
AUDIT_OLD_KEYS = env.secrets("AUDIT_OLD_KEYS")  # retired keys, only to verify old entries
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS")
SITE_URL = env.site("SITE_URL", among=ALLOWED_HOSTS)
CSRF_TRUSTED_ORIGINS = [SITE_URL]
DATA_DIR = env.directory("DATA_DIR")
DATABASES: dict[str, dict[str, object]] = {"default": env.database("DATABASE_URL")}
REDIS_URL = env.redis("REDIS_URL")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.email_address("DEFAULT_FROM_EMAIL")
OPERATOR_EMAIL = env.email_address("OPERATOR_EMAIL", optional=True)  # gets the daily anchor
globals().update(env.mail("EMAIL_URL"))
SMS_URL = SMS_TOKEN = SMSAPI_TOKEN = SMSAPI_SENDER = ""
globals().update(env.sms("EBOK_SMS_URL", "EBOK_SMSAPI_TOKEN"))
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", among=("DEBUG", "INFO", "WARNING", "ERROR"))
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", 1, low=0, high=5)
LOGGING = logs.config(level=LOG_LEVEL)
# Schedules that came from the core system follow the index here too (docs/rates.md).
REPRICE_HERE = env.flag("REPRICE_HERE", default=False)
SESSION_IDLE_SECONDS = 60 * env.number("SESSION_IDLE_MINUTES", 10, low=5, high=30)
SESSION_ABSOLUTE_SECONDS = 8 * 3600

# --- Django ---------------------------------------------------------------------------------
INSTALLED_APPS = [
    "eboks.portal",
    "requests_app",
    "invoicing",
    "insurance",
    "contracts.fleet",
    "contracts",
    "eboks.feeds",
    "eboks.documents",
    "eboks.exports",
    "eboks.jobs",
    "eboks.retention",
    "eboks.onboarding",
    "eboks.authorisation",
    "eboks.notifications",
    "eboks.audit",
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
    "allauth.usersessions",
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
    "insurance.claim_page.ClaimPageMiddleware",  # stands above all that asks the database
    "eboks.security.PrivateAnswersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "eboks.security.OriginMiddleware",
    "eboks.accounts.middleware.SessionLimitsMiddleware",
    "eboks.accounts.middleware.LanguageMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "eboks.accounts.staff_factor.StaffFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "eboks.audit.viewing.ViewAsClientMiddleware",
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
# SMS, authenticator app or passkey after the password (SEC-08). Where an operator turns it off, the
# password stands alone and has to be longer (NIST SP 800-63B-4).
SECOND_FACTOR_ENABLED = env.flag("SECOND_FACTOR", default=True)
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
VIEW_AS_CLIENT_SECONDS = 15 * 60
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
    "activation": "30/m/ip,200/h/ip",
    "activation_link": "10/m/ip,60/h/ip,3/15m/key",
    "access_application": "10/m/ip,30/h/ip",
    "access_application_sent": "10/h/ip,3/d/key",
    "access_pdf": "20/m/ip",
    "paper_check": "30/m/ip,300/h/ip",
    "schedule_counted": "60/m/user",
    "request_begun": "120/h/user",
    "calendar_feed": "600/m/ip,60/h/key",
}
ACCOUNT_FORMS = {
    "login": "eboks.accounts.forms.LoginForm",
    "change_password": "eboks.accounts.forms.ChangePasswordForm",
    "reset_password": "eboks.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "eboks.accounts.forms.ResetPasswordKeyForm",
    "user_token": "eboks.accounts.forms.UserTokenForm",
    "reauthenticate": "eboks.accounts.forms.ReauthenticateForm",
}

MFA_ADAPTER = "eboks.accounts.factors.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TRUST_ENABLED = False  # ours is eboks.accounts.second_factor, with a list to revoke from
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses come verified from the lessor
MFA_FORMS = {
    "authenticate": "eboks.accounts.factors.AuthenticateForm",
    "reauthenticate": "eboks.accounts.factors.ReauthenticateFactorForm",
    "activate_totp": "eboks.accounts.factors.ActivateTotpForm",
    "add_webauthn": "eboks.accounts.factors.AddPasskeyForm",
    "edit_webauthn": "eboks.accounts.factors.EditPasskeyForm",
}
USERSESSIONS_TRACK_ACTIVITY = (
    False  # reading a page writes nothing; last activity is in the session
)

# --- codes by SMS (SEC-30 to 46) --------------------------------------------------------------
SMS_COUNTRIES = ["PL"]  # regions whose mobile numbers may get a code
SMS_CODE_SECONDS = 5 * 60
SMS_CODE_TRIES = 3
SMS_WRONG_CODES_PER_DAY = 10  # a person; then signing rests until the next day
SMS_RESEND_SECONDS = 60
SMS_CODES_PER_INSTRUCTION = 4  # the first and three more
SMS_CODES_PER_PERSON_PER_DAY = 10
SMS_CODES_PER_NUMBER_PER_DAY = 20
SMS_CODES_PER_DAY = 20_000  # all together; reaching it is an alarm
SMS_FAILURES_FOR_ALARM = 3  # in a row; then the gateway rests for a moment
SMS_REST_SECONDS = 20
SMS_THROTTLE_SECONDS = 1  # django-otp: 1, 2, 4, … s of waiting after wrong codes
INSTRUCTION_SECONDS = 60 * 60  # a summary can be signed that long
SECOND_PERSON_SECONDS = 7 * 24 * 3600
PHONE_COOLING_SECONDS = 48 * 3600
FREEZE_LINK_SECONDS = 30 * 24 * 3600
EMAIL_CHANGE_SECONDS = 72 * 3600  # the link to the new address
TRUSTED_SECOND_FACTOR_SECONDS = 30 * 24 * 3600
SESSIONS_PER_PERSON = 5
INVITATION_SECONDS = 72 * 3600
INVITATION_PASSWORD_SECONDS = 10 * 60
INVITATION_PASSWORD_TRIES = 5
APPLICATION_DUE_DAYS = 2  # working days in which staff answer an application for access
APPLICATION_KEEP_DAYS = 90  # refused and abandoned ones; accepted ones stay
STAFF_TWO_PEOPLE = env.flag("STAFF_TWO_PEOPLE", default=True)  # acceptance, roles; phones always
INVITE_FROM_FEED = env.flag("INVITE_FROM_FEED", default=False)

# --- settlements (docs/ledger.md) -------------------------------------------------------------
ALLOCATION_POLICY = env.choice(
    "ALLOCATION_POLICY",
    "indicated_then_oldest",
    among=("indicated_then_oldest", "all_arrears_oldest_first"),
)
LATE_INTEREST_YEAR = env.choice("LATE_INTEREST_YEAR", "365", among=("365", "actual"))
# Which day picks the limit of a passenger car in the tax sheet: of the fee, or of the contract.
CAR_LIMIT_BY = env.choice("CAR_LIMIT_BY", "fee", among=("fee", "signing"))
CHARGE_COMPENSATION = env.flag("CHARGE_COMPENSATION", default=False)
INTEREST_NOTE_DAYS = 14  # from the day of the note to its due date

# --- invoices issued here (docs/issuing.md) ---------------------------------------------------
ISSUER_CONTRACTS_FROM = env.day("ISSUER_CONTRACTS_FROM")  # None: the core system issues them all
ISSUE_DAYS_BEFORE_DUE = env.number("ISSUE_DAYS_BEFORE_DUE", 14, low=0, high=60)
PDF_WORKERS = env.number("PDF_WORKERS", 1, low=1, high=64)  # tasks that print at the same time
ISSUE_PAYMENT_DAYS = env.number("ISSUE_PAYMENT_DAYS", 14, low=1, high=90)

# --- bank statements (docs/bank.md) -----------------------------------------------------------
# Where the bank's files arrive; None: only `manage.py import_statement` reads them.
STATEMENTS_DIR = env.directory("STATEMENTS_DIR") if env.text("STATEMENTS_DIR", "") else None
STATEMENTS_SETTLE_SECONDS = 30  # a file that did not change for so long is whole
STATEMENT_MAX_BYTES = 150 * 1024 * 1024
STATEMENT_REVERSALS_PERCENT = 40  # of a statement's entries; more wait for a person

# --- reported transfers, promises, reminders (docs/fees.md) ------------------------------------
PAYMENT_REPORT_WAIT_DAYS = 3  # working days for which reminders wait for a reported transfer
PAYMENT_REPORTS_PER_DAY = 20  # a company
PROMISE_MAX_DAYS = env.number("PROMISE_MAX_DAYS", 14, low=0, high=90)  # 0: no promises
PROMISE_MAX_OPEN = env.number("PROMISE_MAX_OPEN", 3, low=1, high=100)  # a company
PROMISE_DUNNING_BELOW = 3  # no promises from this level of dunning on
PROMISE_GRACE_DAYS = 1  # working days for the bank's statement to come
REMINDER_DAYS = 3  # before and after the due date

# --- insurance (docs/insurance.md) -------------------------------------------------------------
# Days before a policy's last day on which people are told; -1: the day after it. Empty: never.
POLICY_ALERT_DAYS = env.whole_numbers("POLICY_ALERT_DAYS", "45,30,14,7,1,-1", low=-30, high=120)

# --- online requests (docs/requests.md) --------------------------------------------------------
REQUEST_DRAFTS = 50  # that one person may keep
REQUEST_DRAFT_DAYS = 30
REQUEST_ANSWER_DAYS = 14  # for what staff ask the client to add
REQUEST_FILES = 20  # of one request
POLICY_FILES = 5  # of one own policy (docs/insurance.md)
CLAIM_FILES = 40  # of one damage, from both sides
# PLN that a request is about (a settlement, a refund): from here on two of the staff decide.
REQUESTS_TWO_PEOPLE_FROM = env.number("REQUESTS_TWO_PEOPLE_FROM", 10_000, low=0, high=10**9)
# ClamAV's daemon for files that clients send, e.g. tcp://clamav:3310. Empty: files are not scanned.
CLAMD_URL = env.text("CLAMD_URL", "")

# The certificate that signs the papers, a PKCS#12 file. Empty: papers are not signed.
PDF_SIGN_P12 = env.private_file("PDF_SIGN_P12")
PDF_SIGN_P12_PASSWORD = env.text("PDF_SIGN_P12_PASSWORD", None if PDF_SIGN_P12 else "")

# --- exports (SEC-57) -------------------------------------------------------------------------
EXPORTS_PER_HOUR = 10  # a person
EXPORTS_AT_A_TIME = 2  # a person; further ones wait in the queue
EXPORT_DAYS = 7  # a file waits in Moje pliki

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
# In the default queue stays what somebody waits for, and what is short. The rest has workers of its
# own: a log-in code does not wait for the night.
_BULK = [
    "contracts.tasks.notify_rate_changes",
    "contracts.tasks.refresh_positions",
    "contracts.tasks.reprice",
    "eboks.documents.tasks.sweep_orphans",
    "eboks.jobs.tasks.run_night",
    "eboks.onboarding.tasks.invite_known_people",
    "eboks.retention.tasks.execute_purge",
    "eboks.retention.tasks.look_after_documents",
    "insurance.tasks.send_policy_alerts",
    "invoicing.tasks.ask_balances",
    "invoicing.tasks.charge_paper_fees",
    "invoicing.tasks.follow_feed",
    "invoicing.tasks.import_statements",
    "invoicing.tasks.issue_invoices",
    "invoicing.tasks.look_after_payments",
    "invoicing.tasks.render_invoices",
    "invoicing.tasks.render_new_invoices",
    "invoicing.tasks.settle_what_was_said",
]
CELERY_TASK_ROUTES = {
    **{name: {"queue": "bulk"} for name in _BULK},
    "eboks.exports.tasks.make": {"queue": "exports"},  # up to 50 minutes
}
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_TIMEZONE = "Europe/Warsaw"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_IMPORTS = ["eboks.health"]
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = schedule.BEAT

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
