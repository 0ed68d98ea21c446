"""Calls over Kafka: what lies on its topics, and who puts it there and takes it off."""

from __future__ import annotations

from importlib.util import find_spec

from models.errors import MissingExtraError

if find_spec("kafka") is None:
    raise MissingExtraError("Kafka needs the package kafka-python: make install EXTRA=kafka")
