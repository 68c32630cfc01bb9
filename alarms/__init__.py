"""Watches limits and tells people; follows the readings that ``meters`` stores."""
