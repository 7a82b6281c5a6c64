"""Celery tasks that take a turn from speech to speech; owns settings, models and processes."""
