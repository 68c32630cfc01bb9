"""The stream: callback, batch, decode, store, acknowledge, newest values."""
