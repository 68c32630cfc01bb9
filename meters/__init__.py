"""Sites, meters and readings: what is stored, shown and computed."""
