"""The celery application: finds the tasks of every app, and when each is due."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "energy_site.settings")

app = Celery("energy_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "make-partitions": {
        "task": "meters.tasks.make_partitions",
        "schedule": crontab(minute="17", hour="*/6"),
    },
    "learn-intervals": {
        "task": "meters.tasks.learn_intervals",
        "schedule": 60.0,
    },
    "drop-old-readings": {
        "task": "meters.tasks.drop_old_readings",
        "schedule": crontab(minute="23", hour="3"),
        # It may wait for long transactions.
        "options": {"queue": "slow"},
    },
    "expire-commands": {
        "task": "meters.tasks.expire_commands",
        "schedule": 5.0,
        # After a pause of the workers one is enough.
        "options": {"expires": 5.0},
    },
    "prune-records": {
        "task": "meters.tasks.prune_records",
        "schedule": crontab(minute="41"),
    },
}
