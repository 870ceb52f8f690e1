"""DOOR: the worker processes, which claim what is due in the database and do it."""
