"""gunicorn in production: several processes of several threads behind the proxy."""

from eboks import env

bind = "0.0.0.0:8000"  # a container's own network; only the proxy reaches it
worker_class = "gthread"
workers = env.number("WEB_PROCESSES", 2, low=1, high=64)
threads = env.number("WEB_THREADS", 4, low=1, high=64)
timeout = 60
graceful_timeout = 30
keepalive = 75  # longer than the proxy keeps its side, so that it never writes into a closed one
max_requests, max_requests_jitter = 5000, 500
limit_request_line = 4094
limit_request_fields = 50
limit_request_field_size = 8190
worker_tmp_dir = "/dev/shm"  # noqa: S108 -- memory, so that a slow disk is not taken for a dead worker
control_socket_disable = True
