"""What runs by the clock, in Warsaw's time (docs/operations.md)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from celery.schedules import crontab

BEAT: dict[str, dict[str, Any]] = {
    # Once a day; the later runs find it made, and make it when the first one could not.
    "audit-anchor": {
        "task": "eboks.audit.tasks.drop_anchor",
        "schedule": crontab(minute="10", hour="0,6,12,18"),
    },
    "clean-onboarding": {
        "task": "eboks.onboarding.tasks.clean",
        "schedule": dt.timedelta(hours=24),
    },
    "clear-sessions": {
        "task": "eboks.accounts.tasks.clear_sessions",
        "schedule": dt.timedelta(hours=6),
    },
    "documents-retention": {
        "task": "eboks.retention.tasks.look_after_documents",
        "schedule": crontab(minute="40", hour="5"),
    },
    "documents-purge": {
        "task": "eboks.retention.tasks.resume_purges",
        "schedule": crontab(minute="20", hour="*"),
    },
    "exports-purge": {
        "task": "eboks.exports.tasks.purge",
        "schedule": crontab(minute="50"),
    },
    "exports-reports": {
        "task": "eboks.exports.tasks.send_reports",
        "schedule": crontab(minute="5", hour="6-20"),
    },
    "exports-sweep": {
        "task": "eboks.exports.tasks.sweep",
        "schedule": dt.timedelta(minutes=1),
        "options": {"expires": 55},
    },
    "heartbeat": {
        "task": "eboks.health.heartbeat",
        "schedule": dt.timedelta(minutes=1),
        "options": {"expires": 300},
    },
    "invite-known-people": {
        "task": "eboks.onboarding.tasks.invite_known_people",
        "schedule": dt.timedelta(hours=24),
    },
    # An hour that the change of clocks neither skips nor repeats.
    "night": {
        "task": "eboks.jobs.tasks.run_night",
        "schedule": crontab(minute="15", hour="4"),
    },
    "night-sweep": {
        "task": "eboks.jobs.tasks.run_night",
        "schedule": dt.timedelta(minutes=5),
        "options": {"expires": 280},
    },
    "notify-rate-changes": {
        "task": "contracts.tasks.notify_rate_changes",
        "schedule": dt.timedelta(minutes=10),
        "options": {"expires": 590},
    },
    "look-after-payments": {
        "task": "invoicing.tasks.look_after_payments",
        "schedule": crontab(minute="15", hour="7"),
    },
    # Once a day; the later runs find it done, and do what the first one could not.
    "policy-alerts": {
        "task": "insurance.tasks.send_policy_alerts",
        "schedule": crontab(minute="5", hour="7,9,12,16"),
        "options": {"expires": 3000},
    },
    # Every day; from the first working day of a month on it charges the month before, once.
    "paper-fees": {
        "task": "invoicing.tasks.charge_paper_fees",
        "schedule": crontab(minute="35", hour="5"),
    },
    "purge-messages": {
        "task": "eboks.notifications.tasks.purge",
        "schedule": dt.timedelta(hours=6),
    },
    "refresh-positions": {
        "task": "contracts.tasks.refresh_positions",
        "schedule": dt.timedelta(minutes=5),
        "options": {"expires": 280},
    },
    # After the night's new rates and schedules; the later runs find it done, or do it.
    "issue-invoices": {
        "task": "invoicing.tasks.issue_invoices",
        "schedule": crontab(minute="45", hour="5,8,11"),
    },
    # After the night. The later runs find it done, go on with what was broken off, and take up
    # values that came during the day.
    "reprice": {
        "task": "contracts.tasks.reprice",
        "schedule": crontab(minute="45", hour="4-22"),
        "options": {"expires": 3000},
    },
    "render-new-invoices": {
        "task": "invoicing.tasks.render_new_invoices",
        "schedule": dt.timedelta(minutes=2),
        "options": {"expires": 110},
    },
    "statements": {
        "task": "invoicing.tasks.import_statements",
        "schedule": dt.timedelta(minutes=1),
        "options": {"expires": 55},
    },
    "scan-mileage-photos": {
        "task": "contracts.fleet.tasks.scan_photos",
        "schedule": dt.timedelta(minutes=10),
        "options": {"expires": 590},
    },
    "sweep-orphans": {
        "task": "eboks.documents.tasks.sweep_orphans",
        "schedule": dt.timedelta(hours=1),
    },
    "sweep-requests": {
        "task": "requests_app.tasks.sweep",
        "schedule": dt.timedelta(minutes=5),
        "options": {"expires": 280},
    },
    "sweep-insurance": {
        "task": "insurance.tasks.sweep",
        "schedule": dt.timedelta(minutes=5),
        "options": {"expires": 280},
    },
    "sweep-messages": {
        "task": "eboks.notifications.tasks.sweep",
        "schedule": dt.timedelta(minutes=1),
        "options": {"expires": 55},
    },
}
