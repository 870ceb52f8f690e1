"""The rules of accounts: verbs in rules.py, names and passwords, import from a file."""
