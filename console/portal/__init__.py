"""DOOR: the requester's pages, and the few pages that belong to nobody."""
