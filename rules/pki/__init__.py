"""Rules about certificates, CRLs and their files."""
