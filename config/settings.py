"""All settings, from the environment only, parsed once. A bad value fails at start, by name."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Literal

from botocore.config import Config
from django.urls import reverse_lazy

from config.env import (
    env_bool,
    env_choice,
    env_database,
    env_int,
    env_list,
    env_money,
    env_name,
    env_optional_url,
    env_path,
    env_secret,
    env_share,
    env_time_zone,
    env_url,
    kept_secret,
    with_password,
)
from config.logs import FORMATTERS
from config.look import UNFOLD as UNFOLD
from config.programs import REST_FRAMEWORK as REST_FRAMEWORK
from config.programs import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS

BASE_DIR = Path(__file__).resolve().parent.parent


VAR_DIR = env_path("VAR_DIR", BASE_DIR / "var")
DEBUG = env_bool("DEBUG", False)
SECRET_KEY = env_secret("SECRET_KEY") or kept_secret(VAR_DIR / "secret_key")
# Decides which frames are drawn for audits. It never changes: the draws of two keys are not one sample.
AUDIT_KEY = env_secret("AUDIT_KEY") or kept_secret(VAR_DIR / "audit_key")
WEB_PORT = env_int("WEB_PORT", 8300, minimum=1, maximum=65535)
WEB_HOST = os.environ.get("WEB_HOST", "127.0.0.1")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS", "")
# Behind a proxy that ends TLS; on plain loopback a secure cookie would never come back.
HTTPS = env_bool("HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_SSL_REDIRECT = SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# Asked from inside, by address and without TLS: review/operations/probes.py.
SECURE_REDIRECT_EXEMPT = ["^(healthz|readyz|metrics)$"]
METRICS_TOKEN = env_secret("METRICS_TOKEN")
SECURE_HSTS_SECONDS = 365 * 86400 if HTTPS else 0

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_rq",
    "axes",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "accounts",
    "pipeline",
    "review",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "accounts.headers.content_security_policy",
    "review.operations.probes.ahead",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "config.asked.ProblemMiddleware",
    "accounts.asking.remember",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
            ]
        },
    }
]

DATABASES = {"default": env_database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'mattegate.sqlite3'}")}
if str(DATABASES["default"]["ENGINE"]).endswith("sqlite3"):
    # A file, not memory: worker threads and processes of a test share it.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env_url("REDIS_URL", "redis://127.0.0.1:6390/0", "redis", "rediss", "unix")
REDIS_URL = with_password(REDIS_URL, kept_secret(VAR_DIR / "redis_password"))
JOB_TIMEOUT_SECONDS = 600
# A job is a function's name and a frame's id; unpickling would run whatever somebody wrote into Redis.
_QUEUE = {"URL": REDIS_URL, "DEFAULT_TIMEOUT": JOB_TIMEOUT_SECONDS, "SERIALIZER": "rq.serializers.JSONSerializer"}
RQ_QUEUES = {name: dict(_QUEUE) for name in ("publish", "urgent", "process", "later")}
RQ_SHOW_ADMIN_LINK = False
WORKERS = env_int("WORKERS", 0, maximum=256)  # 0: as many as the machine holds
WORKER_MAX_JOBS = env_int("WORKER_MAX_JOBS", 200, minimum=1)
WORKER_MAX_RSS_MB = env_int("WORKER_MAX_RSS_MB", 2500, minimum=500)

S3_ENDPOINT_URL = env_url("S3_ENDPOINT_URL", "http://127.0.0.1:8390", "http", "https")
# As whoever is given a link reaches it: links are signed for this name.
S3_PUBLIC_ENDPOINT_URL = env_url("S3_PUBLIC_ENDPOINT_URL", S3_ENDPOINT_URL, "http", "https")
S3_REGION = os.environ.get("S3_REGION", "us-east-1")
S3_ACCESS_KEY = os.environ.get("S3_ACCESS_KEY", "mattegate")
S3_SECRET_KEY = env_secret("S3_SECRET_KEY") or kept_secret(VAR_DIR / "s3_secret_key")
S3_WORK_BUCKET = os.environ.get("S3_WORK_BUCKET", "mattegate-work")
S3_PUBLISHED_BUCKET = os.environ.get("S3_PUBLISHED_BUCKET", "mattegate-published")
# Where others put photos for us: a bucket, or BUCKET/PREFIX; and a folder.
S3_INBOX = os.environ.get("S3_INBOX", "")
INBOX_DIR = env_path("INBOX_DIR", VAR_DIR) if os.environ.get("INBOX_DIR") else None


def _bucket(name: str) -> dict[str, object]:
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": name,
            "endpoint_url": S3_ENDPOINT_URL,
            "region_name": S3_REGION,
            "access_key": S3_ACCESS_KEY,
            "secret_key": S3_SECRET_KEY,
            "querystring_auth": False,
            # The lease must outlive any single call: see shop/publish.py.
            "client_config": Config(
                connect_timeout=5,
                read_timeout=20,
                retries={"total_max_attempts": 1},  # object_store retries, within the lease
                s3={"addressing_style": "path"},
                signature_version="s3v4",
                # Stores that don't know boto3's newer checksums keep the wire's framing as a part of the file.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        },
    }


STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR_DIR / "media"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "work": _bucket(S3_WORK_BUCKET),
    "published": _bucket(S3_PUBLISHED_BUCKET),
    "inbox": _bucket(S3_INBOX.partition("/")[0]),
}
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Where `manage.py collectstatic` copies them to, for a server in front.
STATIC_ROOT = os.environ.get("STATIC_ROOT")
WHITENOISE_USE_FINDERS = True

WEIGHTS_DIR = env_path("WEIGHTS_DIR", VAR_DIR / "weights")
MATTE_MODEL = os.environ.get("MATTE_MODEL", "isnet-imgly-fp16")
SECOND_MATTE_MODEL = os.environ.get("SECOND_MATTE_MODEL", "u2net")

# Photos leave the house only for batches whose uploader chose so, and only with a key.
GEMINI_API_KEY = env_secret("GEMINI_API_KEY")
GEMINI_BASE_URL = env_optional_url("GEMINI_BASE_URL", "http", "https")
GEMINI_MODEL = env_name("GEMINI_MODEL", "gemini-3.1-flash-image")
GEMINI_PROMPT = env_name("GEMINI_PROMPT", "studio-1")
GEMINI_MODE: Literal["transfer", "replace"] = env_choice("GEMINI_MODE", "transfer", "transfer", "replace")
# In US dollars; an image of a Batch job costs half.
GEMINI_PRICE_PER_IMAGE = env_money("GEMINI_PRICE_PER_IMAGE", "0.067")
GEMINI_MONTHLY_BUDGET = env_money("GEMINI_MONTHLY_BUDGET", "100")
GEMINI_TIMEOUT_SECONDS = env_int("GEMINI_TIMEOUT_SECONDS", 60, minimum=1, maximum=300)
GEMINI_MAX_TRIES = env_int("GEMINI_MAX_TRIES", 3, minimum=1)
GEMINI_CONCURRENCY = env_int("GEMINI_CONCURRENCY", 4, minimum=1)
GEMINI_REQUESTS_PER_MINUTE = env_int("GEMINI_REQUESTS_PER_MINUTE", 60, minimum=1)
GEMINI_URGENT_DEADLINE_MINUTES = env_int("GEMINI_URGENT_DEADLINE_MINUTES", 10, minimum=1)
GEMINI_BATCH_COUNT = env_int("GEMINI_BATCH_COUNT", 100, minimum=1, maximum=300)
GEMINI_BATCH_AGE_SECONDS = env_int("GEMINI_BATCH_AGE_SECONDS", 600)
GEMINI_BATCH_POLL_SECONDS = env_int("GEMINI_BATCH_POLL_SECONDS", 30, minimum=1)
GEMINI_BATCH_DEADLINE_MINUTES = env_int("GEMINI_BATCH_DEADLINE_MINUTES", 360, minimum=1)

# What the figures are held against. A price of 0 is none: the page says that it isn't set.
TARGET_REVIEW_SHARE = env_share("TARGET_REVIEW_SHARE", "0.03")
COMPUTE_PRICE_PER_HOUR = env_money("COMPUTE_PRICE_PER_HOUR", "0")
OPERATOR_PRICE_PER_HOUR = env_money("OPERATOR_PRICE_PER_HOUR", "0")
MANUAL_PRICE_PER_PHOTO = env_money("MANUAL_PRICE_PER_PHOTO", "0")

# A webhook goes to public addresses by TLS only, lest who may name an address asks what only our workers can reach.
WEBHOOK_PRIVATE_ADDRESSES = env_bool("WEBHOOK_PRIVATE_ADDRESSES", False)

# With less room on a disk of this host, no photo is taken in, and no worker begins one.
MIN_FREE_MB = env_int("MIN_FREE_MB", 1000)
MAX_IN_LINE = env_int("MAX_IN_LINE", 10_000)
MAX_PHOTO_BYTES = env_int("MAX_PHOTO_MB", 80, minimum=1) * 1_000_000
MAX_PHOTO_PIXELS = env_int("MAX_PHOTO_MEGAPIXELS", 64, minimum=1) * 1_000_000
# The upload page sends four photos at a time; no other page takes as much as one.
MAX_UPLOAD_BYTES = 4 * MAX_PHOTO_BYTES + 1_000_000
MAX_FORM_BYTES = 10_000_000
MAX_STRANGERS_BYTES = 100_000
# Hundreds of photos in one form: Django's own default of 100 files would refuse the drop.
DATA_UPLOAD_MAX_NUMBER_FILES = 1000

# Programs: tokens are short and signed with SECRET_KEY; clocks may differ by a minute.
API_REQUESTS_PER_MINUTE = env_int("API_REQUESTS_PER_MINUTE", 600, minimum=1)
API_STRANGERS_PER_MINUTE = 60
API_LINK_SECONDS = env_int("API_LINK_SECONDS", 900, minimum=60, maximum=7 * 86_400)
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "LEEWAY": timedelta(minutes=1),
    "CHECK_REVOKE_TOKEN": True,
    "SIGNING_KEY": SECRET_KEY,
}

# A dead worker's frame is noticed when its lease has lapsed. A call to S3 gives up after 25 s and starts only
# while 30 s of lease remain, so publishing needs the longer one. Leases are renewed every 5 s.
PROCESS_LEASE_SECONDS = 25
PUBLISH_LEASE_SECONDS = 60
MAX_FAULTS = 5

# Whether uploaders see each other's batches; whether nobody decides photos that they sent in themselves.
SHARED_BATCHES = env_bool("SHARED_BATCHES", False)
FOUR_EYES = env_bool("FOUR_EYES", False)

# Pictures are deleted so many days after a photo's last move, 0: never; whether finished files go with them.
RETENTION_DAYS = env_int("RETENTION_DAYS", 60, maximum=36_500)
PURGE_PUBLISHED = env_bool("PURGE_PUBLISHED", False)

# So long a decision can be taken back before a worker acts on it.
UNDO_SECONDS = 30

LANGUAGE_CODE = "en-gb"
TIME_ZONE = env_time_zone("TIME_ZONE", "UTC")
USE_TZ = True
LOGIN_URL = reverse_lazy("admin:login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
LOGOUT_REDIRECT_URL = reverse_lazy("admin:login")
FORMAT_MODULE_PATH = ["config.formats"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in {
        "MinimumLengthValidator": {"min_length": 10},
        "CommonPasswordValidator": {},
        "NumericPasswordValidator": {},
        "UserAttributeSimilarityValidator": {},
    }.items()
]
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
# A name is locked only from where it was guessed: nobody can lock others out, nor a whole office by one name.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# The time that people are told stays true, however often they try meanwhile.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_NEVER_LOCKOUT_GET = True
AXES_LOCKOUT_CALLABLE = "accounts.lockout.locked"
AXES_CLIENT_IP_CALLABLE = "accounts.asking.address_of"
# accounts/record.py keeps the log, in one place and in our words.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = AXES_VERBOSE = False
# A century at most: there are no dates before the year 1.
ACCESS_LOG_DAYS = env_int("ACCESS_LOG_DAYS", 365, minimum=1, maximum=36_500)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": FORMATTERS,
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": env_choice("LOG_FORMAT", "line", "line", "json"),
        }
    },
    # Refusals and addresses that lead nowhere are answered, not faults of the program.
    "loggers": {
        "django.request": {"level": "ERROR"},
        "httpx2": {"level": "WARNING"},
        "axes": {"level": "ERROR"},  # accounts/record.py says the same
    },
    "root": {"handlers": ["console"], "level": env_choice("LOG_LEVEL", "INFO", "DEBUG", "INFO", "WARNING", "ERROR")},
}
