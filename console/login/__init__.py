"""DOOR: registration, log-in, log-out and passwords, by Flask-Security."""
