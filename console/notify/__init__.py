"""Outgoing messages: planned as rows in the change they belong to, sent after its commit."""
