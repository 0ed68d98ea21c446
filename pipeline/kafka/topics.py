"""The topics: which there are, how long their records stay, and how they come to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kafka.admin import KafkaAdminClient, NewTopic

from pipeline.kafka.connection import Connection
from pipeline.kafka.records import (
    AUDIO_TOPIC,
    DEAD_TOPIC,
    EVENTS_TOPIC,
    NOTES_TOPIC,
    PARTIALS_TOPIC,
    REVIEWS_TOPIC,
)


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """Partitions of the audio and the events, which bound how many workers share them; copies of each record;
    and how long records stay: audio and partials for minutes, all else for days."""

    partitions: int = 12
    copies: int = 1
    audio_minutes: int = 30
    days: int = 14

    def minutes(self) -> Mapping[str, int]:
        """Topic -> how long its records stay."""
        kept = self.days * 24 * 60
        return {
            AUDIO_TOPIC: self.audio_minutes,
            EVENTS_TOPIC: kept,
            PARTIALS_TOPIC: self.audio_minutes,
            NOTES_TOPIC: self.audio_minutes,
            REVIEWS_TOPIC: kept,
            DEAD_TOPIC: kept,
        }


def make_topics(connection: Connection, settings: TopicSettings) -> list[str]:
    """Make those that are not there; their names. Others stay as they are. Raises `WrapupError`."""
    admin = connection.open(KafkaAdminClient)
    try:
        there = set(connection.tried(admin.list_topics))
        missing = [
            NewTopic(name, settings.partitions, settings.copies, topic_configs=_told(minutes))
            for name, minutes in settings.minutes().items()
            if name not in there
        ]
        if missing:
            connection.tried(lambda: admin.create_topics(missing, wait_for_metadata=True))
        return [topic.name for topic in missing]
    finally:
        admin.close()


def _told(minutes: int) -> dict[str, str]:
    """A topic's own settings. Kafka drops whole segments, so these end often enough."""
    retention_ms = minutes * 60_000
    return {
        "cleanup.policy": "delete",
        # How long a record stays must not hang on the clock of who wrote it.
        "message.timestamp.type": "LogAppendTime",
        "retention.ms": str(retention_ms),
        "segment.ms": str(max(60_000, retention_ms // 6)),
    }
