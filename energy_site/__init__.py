"""The composition root: imports every app, imported by none."""

from energy_site.celery import app as celery_app

__all__ = ["celery_app"]
