"""Attached files: what comes in, what it is, where it lies, and how it gets a row."""
