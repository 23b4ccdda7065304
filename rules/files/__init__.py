"""Rules about who can read what."""
