"""What metering computes: plain Python and numpy, no Django, no clock, no I/O."""
