"""A believable office to look at: people, businesses and 120 requests of the last 60 days."""
