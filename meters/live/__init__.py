"""The newest values: kept in Redis by ingest, sent on to browsers by web."""
