"""Calls over Kafka: what lies on its topics, and who puts it there and takes it off."""
