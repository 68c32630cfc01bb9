"""The embedded stack: real servers from wheels, and everything on one machine.

Knows no Django: the portal's own processes are programs that it starts.
"""
