"""Who can get in, and how: the ways in, worked out once from the effective configuration and the files it names.

A way in is a row: from where, at which listener, with TLS or without, with which certificate, by which mechanism, with
which secret, as whom, to do what, revocable or not, and because of which places. Rules about access are queries on the
rows. Nothing is asked of a running daemon or of the network; what only runs can tell (SQL, LDAP, PAM, policy services,
milters) makes a row uncertain, with the reason.
"""
