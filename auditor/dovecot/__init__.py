"""Dovecot: from configuration files to effective settings."""
