"""Rules about one Dovecot instance."""
