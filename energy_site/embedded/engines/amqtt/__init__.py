"""The broker amqtt, with sessions that are kept (docs/decisions/0002)."""
