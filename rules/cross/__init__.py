"""Rules about what Dovecot, Postfix and the files they share mean together."""
