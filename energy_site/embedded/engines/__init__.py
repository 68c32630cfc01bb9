"""The servers of the embedded stack: PostgreSQL, Valkey, and two MQTT brokers."""
