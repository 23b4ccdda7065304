"""Which harm each rule claims, and in which cases it cannot be shown.

In a bad case the harm must happen, in an ok case it must not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from access_harms import (
    a_login_kills_auth,
    clear_login,
    denied_user_logs_in,
    doveadm_obeys,
    good_certificate_and_password_fail,
    no_door_wants_a_certificate,
    nobody_gets_all_settings,
    nobody_is_answered,
    nobody_is_needed,
    one_door_is_weaker,
    postfix_clients_fail,
    proxy_lets_in,
    some_doors_want_no_certificate,
    stranger_is_greeted,
)
from file_harms import (
    nobody_reads_a_key,
    nobody_reads_the_secret,
    the_key_of_the_ca_makes_users,
    users_read_a_key,
)
from harms import (
    ONE_PASSWORD,
    ca_is_no_good,
    certificate_depends_on_name,
    certificate_gains,
    certificate_gains_nothing,
    certificate_is_not_required,
    certificate_login_fails,
    certificate_logs_in,
    certificate_replaces_the_name,
    certificates_are_not_asked_for,
    cipher_does_not_protect,
    client_refuses_server,
    crl_order_matters,
    does_not_start,
    external_fails,
    greeting_or_handshake_is_waited_for,
    handshakes_are_logged,
    mail_is_smuggled_in,
    mail_without_tls_is_refused,
    master_opens_mailbox,
    no_tls_on_port_25,
    no_verified_connection,
    old_protocol_is_served,
    own_certificate_is_not_shown,
    password_is_logged,
    password_logs_in,
    postfix_has_no_tls,
    server_gains,
    session_is_not_encrypted,
    short_prime_is_used,
    some_port_takes_no_mail,
    strangers_are_asked,
    tls_fails,
    tls_ports_are_closed,
    valid_certificate_is_refused,
    what_is_sent_is_logged,
)
from mail_harms import (
    external_is_announced_in_vain,
    logins_are_taken_on_port_25,
    no_mail_is_taken,
    nobody_logs_in,
    passwordless_login_relays,
    passwords_go_in_clear_text,
    proxies_are_believed,
    refusals_are_for_now,
    strangers_are_told_of_version_or_users,
    strangers_hand_in_mail_for_users,
    strangers_relay,
    strangers_relay_or_nobody_is_served,
    strangers_say_who_they_are,
    ticket_crosses_services,
    users_are_served_in_clear_text,
)
from preparations import (
    crl_begins_in_the_future,
    dovecot_answers_postfix,
    fingerprints_are_real,
    postfix_has_certificate_and_logins,
    postfix_has_its_folder,
    strangers_ca_is_public,
)
from servers import Dovecot, Postfix, Server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cage import Cage
    from cases import Case
    from trial import Trial


@dataclass(frozen=True)
class Harm:
    """How a rule's harm is shown."""

    dovecot: Callable[[Trial], bool] | None = None
    postfix: Callable[[Trial], bool] | None = None
    harmless: bool = False
    """The rule says that nothing happens: not in its bad cases either."""
    certificates_log_in: bool = False
    """Add a passdb that lets every valid certificate in, to see which certificates are valid."""
    keeps_modes: bool = False
    """The modes of Dovecot's files are the case's, even if Dovecot then cannot open all of them in the cage."""
    prepare: Callable[[Case, Cage], None] = field(default=lambda _case, _cage: None)


HARMS: Final = {
    # Logins
    "passdb-any-password": Harm(password_logs_in("any-password")),
    "passdb-empty-password": Harm(password_logs_in("")),
    "external-filter-too-wide": Harm(password_logs_in("", "any-password")),
    "protocol-passdb-runs-first": Harm(password_logs_in("", "any-password")),
    "boolean-field-set-to-no": Harm(password_logs_in("any-password")),
    "static-passdb-any-user": Harm(password_logs_in(ONE_PASSWORD)),
    "master-passdb-open": Harm(master_opens_mailbox),
    "external-login-impossible": Harm(external_fails),
    "external-file-keeps-hashes": Harm(certificate_login_fails),
    "external-scheme-needs-hash": Harm(certificate_login_fails),
    "cert-name-overrides-password-login": Harm(certificate_replaces_the_name),
    "override-nopassword-misleading": Harm(password_logs_in("any-password"), harmless=True),
    "external-without-cert-username": Harm(external_fails),
    "external-without-cert-request": Harm(certificates_are_not_asked_for),
    "ca-file-marker-missing": Harm(external_fails),
    "ssl-ca-public-bundle": Harm(certificate_logs_in("stranger"), prepare=strangers_ca_is_public),
    "auth-logs-passwords": Harm(password_is_logged),
    "external-users-drift": Harm(certificate_logs_in("bob")),
    "cert-username-default-cn": Harm(external_fails),
    "cert-username-field-not-in-subject": Harm(external_fails),
    # TLS
    "dovecot-tls-protocol-old": Harm(old_protocol_is_served),
    "dovecot-cipher-list-weak": Harm(cipher_does_not_protect),
    "dh-parameters": Harm(short_prime_is_used),
    # Ways in
    "dovecot-ssl-off": Harm(clear_login("PLAIN", "LOGIN")),
    "dovecot-cleartext-login": Harm(clear_login("PLAIN", "LOGIN")),
    "dovecot-tls-not-required": Harm(clear_login("CRAM-MD5")),
    "login-trusted-networks-wide": Harm(clear_login("PLAIN", "LOGIN")),
    "weakest-listener": Harm(one_door_is_weaker),
    "anonymous-mechanism": Harm(nobody_is_needed),
    "haproxy-trust-wide": Harm(proxy_lets_in("PLAIN")),
    "haproxy-forged-cert-name": Harm(proxy_lets_in("EXTERNAL")),
    "require-cert-without-request": Harm(good_certificate_and_password_fail),
    "require-cert-blocks-mta": Harm(postfix_clients_fail, prepare=postfix_has_its_folder),
    "cert-exemption-too-wide": Harm(some_doors_want_no_certificate),
    "client-cert-optional": Harm(no_door_wants_a_certificate),
    "deny-passdb-too-late": Harm(denied_user_logs_in),
    "deny-passdb-filtered": Harm(denied_user_logs_in),
    "passdb-success-chain-unsafe": Harm(denied_user_logs_in),
    "passdb-failure-becomes-success": Harm(password_logs_in("any-password")),
    "passdb-chain-loops": Harm(a_login_kills_auth),
    "doveadm-listener-open": Harm(doveadm_obeys),
    "auth-tcp-listener": Harm(stranger_is_greeted(12346)),
    "lmtp-open": Harm(stranger_is_greeted(24)),
    "auth-socket-world": Harm(
        nobody_is_answered("/run/dovecot/auth-web", "/var/spool/postfix/private/auth"), prepare=postfix_has_its_folder
    ),
    "stats-or-config-socket-open": Harm(nobody_gets_all_settings),
    "auth-userdb-master-socket": Harm(nobody_is_answered("/run/dovecot/auth-master")),
    # Files
    "private-key-world-readable": Harm(nobody_reads_a_key, nobody_reads_a_key),
    "combined-file-readable": Harm(nobody_reads_a_key, nobody_reads_a_key),
    "private-key-group-readable": Harm(users_read_a_key()),
    "key-readable-by-mail-user": Harm(users_read_a_key("dovecot", "dovenull", "postfix")),
    "key-password-exposed": Harm(nobody_reads_the_secret, keeps_modes=True),
    "passwd-file-exposed": Harm(nobody_reads_the_secret, keeps_modes=True),
    "db-credentials-readable": Harm(nobody_reads_the_secret, nobody_reads_the_secret, keeps_modes=True),
    "sasl-passwd-readable": Harm(postfix=nobody_reads_the_secret),
    # Certificates and CRLs
    "private-key-in-ca-file": Harm(the_key_of_the_ca_makes_users, certificates_log_in=True),
    "crl-check-disabled": Harm(certificate_logs_in("revoked"), certificates_log_in=True),
    "crl-two-of-one-issuer": Harm(certificate_logs_in("revoked"), certificates_log_in=True),
    "crl-missing": Harm(valid_certificate_is_refused, certificates_log_in=True),
    "crl-missing-in-chain": Harm(valid_certificate_is_refused, certificates_log_in=True),
    "crl-expired": Harm(valid_certificate_is_refused, certificates_log_in=True),
    "crl-not-yet-valid": Harm(valid_certificate_is_refused, certificates_log_in=True, prepare=crl_begins_in_the_future),
    "crl-wrong-issuer": Harm(valid_certificate_is_refused, certificates_log_in=True),
    "crl-bad-signature": Harm(valid_certificate_is_refused, certificates_log_in=True),
    "crl-der-in-pem-bundle": Harm(valid_certificate_is_refused, certificates_log_in=True),
    "crl-order-unconventional": Harm(crl_order_matters, harmless=True, certificates_log_in=True),
    "ca-expired": Harm(ca_is_no_good, client_refuses_server, certificates_log_in=True),
    "ca-file-holds-no-ca": Harm(certificate_login_fails, certificates_log_in=True),
    "chain-order-or-incomplete": Harm(no_verified_connection, no_verified_connection),
    "one-ca-for-servers-and-clients": Harm(postfix=server_gains),
    "server-name-mismatch": Harm(client_refuses_server, client_refuses_server),
    "snakeoil-or-self-signed-server-cert": Harm(client_refuses_server, client_refuses_server),
    "combined-file-stale": Harm(certificate_logs_in("revoked"), certificates_log_in=True),
    "revoked-but-not-in-crl": Harm(certificate_logs_in("revoked"), certificates_log_in=True),
    "server-cert-expired": Harm(client_refuses_server, client_refuses_server),
    "server-key-weak": Harm(no_verified_connection, no_verified_connection),
    "signature-weak": Harm(no_verified_connection, no_verified_connection),
    "local-name-shadowed": Harm(own_certificate_is_not_shown),
    "sni-only-certificates": Harm(certificate_depends_on_name),
    # Service
    "alt-certificate-incomplete": Harm(tls_fails),
    "key-symlink-target": Harm(tls_fails, postfix_has_no_tls),
    "no-global-certificate": Harm(tls_fails),
    "ssl-only-in-protocol-block": Harm(tls_ports_are_closed),
    "cert-username-field-unknown": Harm(tls_fails),
    "file-marker-missing": Harm(tls_fails),
    "ca-file-unparsable": Harm(tls_fails, postfix_has_no_tls),
    "key-encrypted-without-password": Harm(tls_fails, postfix_has_no_tls),
    "key-certificate-mismatch": Harm(tls_fails, postfix_has_no_tls),
    "include-without-match": Harm(does_not_start),
    "mechanism-filter-unsupported": Harm(does_not_start),
    "syntax-error": Harm(does_not_start, does_not_start),
    "unknown-setting": Harm(does_not_start),
    "invalid-value": Harm(does_not_start, does_not_start),
    # Mail
    "append-default-ca-enabled": Harm(postfix=certificate_gains("stranger"), prepare=strangers_ca_is_public),
    "smtpd-trusts-public-cas": Harm(postfix=certificate_gains("stranger"), prepare=strangers_ca_is_public),
    "crl-not-checked-by-postfix": Harm(postfix=certificate_gains("revoked"), prepare=fingerprints_are_real),
    "all-clientcerts-policy": Harm(postfix=certificate_gains("bob"), prepare=fingerprints_are_real),
    "ask-ccert-missing": Harm(postfix=certificate_gains_nothing, prepare=fingerprints_are_real),
    "ask-ccert-global": Harm(postfix=strangers_are_asked),
    "debug-left-on": Harm(postfix=what_is_sent_is_logged(tls=False)),
    "unknown-restriction-or-class": Harm(postfix=some_port_takes_no_mail),
    "wrappermode-mismatch": Harm(postfix=greeting_or_handshake_is_waited_for),
    "smtpd-tls-off": Harm(postfix=no_tls_on_port_25),
    "port25-tls-mandatory": Harm(postfix=mail_without_tls_is_refused),
    "postfix-tls-protocol-old": Harm(postfix=old_protocol_is_served),
    "postfix-cipher-weak": Harm(postfix=session_is_not_encrypted),
    "postfix-dh-short": Harm(postfix=short_prime_is_used),
    "smtp-smuggling": Harm(postfix=mail_is_smuggled_in),
    "tls-loglevel-high": Harm(postfix=what_is_sent_is_logged(tls=True)),
    "verbose-ssl-left-on": Harm(handshakes_are_logged),
    "req-ccert-ignored": Harm(postfix=certificate_is_not_required),
    "mynetworks-wide": Harm(postfix=strangers_relay),
    "relay-policy-open": Harm(postfix=strangers_relay),
    "permit-map-before-reject": Harm(postfix=strangers_relay),
    "relay-restrictions-empty": Harm(postfix=strangers_relay_or_nobody_is_served),
    "no-effective-reject": Harm(postfix=does_not_start),
    "restriction-class-loop": Harm(postfix=no_mail_is_taken),
    "passwordless-smtp-relay": Harm(postfix=passwordless_login_relays, prepare=dovecot_answers_postfix),
    "sasl-socket-mismatch": Harm(postfix=postfix_has_no_tls, prepare=dovecot_answers_postfix),
    "auth-before-tls": Harm(postfix=passwords_go_in_clear_text, prepare=dovecot_answers_postfix),
    "submission-tls-optional": Harm(postfix=users_are_served_in_clear_text, prepare=dovecot_answers_postfix),
    "cert-clients-blocked-by-override": Harm(postfix=certificate_gains_nothing, prepare=fingerprints_are_real),
    "tls-ticket-crosses-services": Harm(postfix=ticket_crosses_services),
    "xclient-xforward-wide": Harm(postfix=strangers_say_who_they_are),
    "sasl-external-announced": Harm(postfix=external_is_announced_in_vain, prepare=postfix_has_certificate_and_logins),
    "sasl-on-port25": Harm(postfix=logins_are_taken_on_port_25, prepare=postfix_has_certificate_and_logins),
    "smtpd-sasl-anonymous": Harm(postfix=nobody_logs_in, prepare=postfix_has_certificate_and_logins),
    "submission-open-to-anonymous": Harm(
        postfix=strangers_hand_in_mail_for_users, prepare=postfix_has_certificate_and_logins
    ),
    "soft-bounce-on": Harm(postfix=refusals_are_for_now),
    "banner-vrfy-helo": Harm(postfix=strangers_are_told_of_version_or_users),
    "proxy-protocol-open": Harm(postfix=proxies_are_believed),
}

_NOBODY_GAINS: Final = "of severity info: nobody gains anything by it as long as nothing else changes"
_NO_CERTIFICATE_COUNTS: Final = "no list gives certificates any right, so there is nothing to lose"
_FAILS_BEHIND: Final = "the login fails behind the certificate, as the rule says there"
_BY_ITSELF: Final = "test_the_first_of_two_common_names_counts shows it, with the one certificate that has them"
_COUNTS_ONLY: Final = "of severity low: what nobody writes there is counted, and nothing else"
_NO_LOGIN: Final = "to see it takes a login with a password, and nobody knows the passwords of the cases"
_IN_A_REPOSITORY: Final = "it is in a git repository, and modes say nothing there"
_BEHIND_A_FOLDER: Final = "of severity medium: a folder keeps others out as long as nothing else changes"
_OTHER_RULE: Final = "harm is done, and another rule says so"
_NOT_YET: Final = "nothing happens before the day has come"
_LEFT_OUT: Final = "one of the certificates is left out, and clients get the other"
_LEFT_OUT_OF_TREE: Final = "the key was left out of the audited tree, not of the host"
_IN_ORDER_THERE: Final = "OpenSSL puts the certificates in order and passes over strangers; other clients may not"
_AGAINST_POLICY_ONLY: Final = "of severity low: no known attack, but more than the policy takes"
UNSHOWN: Final = {
    "key-password-exposed/bad-committed-23": _IN_A_REPOSITORY,
    "key-password-exposed/bad-committed-24": _IN_A_REPOSITORY,
    "key-password-exposed/ok-not-committed-23": _IN_A_REPOSITORY,
    "key-password-exposed/ok-not-committed-24": _IN_A_REPOSITORY,
    "passwd-file-exposed/bad-committed-23": _IN_A_REPOSITORY,
    "passwd-file-exposed/bad-committed-24": _IN_A_REPOSITORY,
    "db-credentials-readable/bad-committed-pf": _IN_A_REPOSITORY,
    "sasl-passwd-readable/bad-committed-pf": _IN_A_REPOSITORY,
    "sasl-passwd-readable/ok-not-committed-pf": _IN_A_REPOSITORY,
    "private-key-world-readable/ok-modes-unknown-23": _IN_A_REPOSITORY,
    "private-key-world-readable/ok-modes-unknown-24": _IN_A_REPOSITORY,
    "key-password-exposed/bad-only-directory-23": _BEHIND_A_FOLDER,
    "key-password-exposed/bad-only-directory-24": _BEHIND_A_FOLDER,
    "private-key-world-readable/bad-only-directory-23": _BEHIND_A_FOLDER,
    "private-key-world-readable/bad-only-directory-24": _BEHIND_A_FOLDER,
    "passwd-file-exposed/bad-vmail-writes-23": "vmail may write it, which is not tried",
    "private-key-group-readable/ok-group-unknown-23": "the host's groups are not in the audited tree",
    "passwd-file-exposed/bad-vmail-writes-24": "vmail may write it, which is not tried",
    "private-key-group-readable/ok-group-unknown-24": "the host's groups are not in the audited tree",
    "proxy-protocol-open/bad-nobody-relays": "no address is trusted, so that nobody gains by another one",
    "cert-username-default-cn/ok-of-two-names-23": _BY_ITSELF,
    "cert-username-default-cn/ok-of-two-names-24": _BY_ITSELF,
    "cert-username-field-not-in-subject/ok-no-certificates-here-23": "no certificate of the clients here has it",
    "cert-username-field-not-in-subject/ok-no-certificates-here-24": "no certificate of the clients here has it",
    "alt-certificate-incomplete/bad-no-certificate-23": _LEFT_OUT,
    "alt-certificate-incomplete/bad-no-certificate-24": _LEFT_OUT,
    "alt-certificate-incomplete/bad-no-key-24": _LEFT_OUT,
    "alt-certificate-incomplete/bad-same-kind-23": _LEFT_OUT,
    "alt-certificate-incomplete/bad-same-kind-24": _LEFT_OUT,
    "key-symlink-target/ok-left-out-23": _LEFT_OUT_OF_TREE,
    "key-symlink-target/ok-left-out-24": _LEFT_OUT_OF_TREE,
    "key-symlink-target/ok-left-out-pf": _LEFT_OUT_OF_TREE,
    "no-global-certificate/bad-blocks-only-23": _NOT_YET,
    "no-global-certificate/bad-blocks-only-24": _NOT_YET,
    "combined-file-stale/bad-nothing-revoked-23": _NOT_YET,
    "combined-file-stale/bad-nothing-revoked-24": _NOT_YET,
    "ca-file-holds-no-ca/bad-beside-a-ca-23": _NOBODY_GAINS,
    "ca-file-holds-no-ca/bad-beside-a-ca-24": _NOBODY_GAINS,
    "ca-file-holds-no-ca/ok-self-signed-client-23": "only that one client comes in, and it has none of the CA",
    "ca-file-holds-no-ca/ok-self-signed-client-24": "only that one client comes in, and it has none of the CA",
    "chain-order-or-incomplete/bad-order-23": _IN_ORDER_THERE,
    "chain-order-or-incomplete/bad-order-24": _IN_ORDER_THERE,
    "chain-order-or-incomplete/bad-order-pf": _IN_ORDER_THERE,
    "chain-order-or-incomplete/bad-stranger-23": _IN_ORDER_THERE,
    "chain-order-or-incomplete/bad-stranger-24": _IN_ORDER_THERE,
    "chain-order-or-incomplete/bad-stranger-pf": _IN_ORDER_THERE,
    "snakeoil-or-self-signed-server-cert/ok-port-25-only-pf": "other mail servers on port 25 do not verify",
    "append-default-ca-enabled/bad-fingerprints-only": _NOBODY_GAINS,
    "auth-before-tls/bad-private-is-medium": "the cage does not have the address",
    "cert-clients-blocked-by-override/ok-nobody-asked": "certificates are not meant to gain anything",
    "append-default-ca-enabled/bad-required-with-password": _NOBODY_GAINS,
    "ask-ccert-missing/ok-commented-out": _NO_CERTIFICATE_COUNTS,
    "ask-ccert-missing/ok-other-parameter": _NO_CERTIFICATE_COUNTS,
    "ask-ccert-missing/ok-required-ignored": _OTHER_RULE,
    "ask-ccert-missing/ok-unused-class": _NO_CERTIFICATE_COUNTS,
    "boolean-field-set-to-no/bad-nodelay-24": "a shorter delay is not measured",
    "boolean-field-set-to-no/bad-nologin-is-medium-23": _NO_LOGIN,
    "boolean-field-set-to-no/bad-only-certificates-get-there-23": _NOBODY_GAINS,
    "boolean-field-set-to-no/bad-proxy-with-suffix-24": _NO_LOGIN,
    "ca-file-marker-missing/bad-not-asked-for-is-low-23": "nobody is asked for a certificate yet",
    "crl-check-disabled/ok-certificates-decide-nothing-23": "to see which certificates are valid, they must decide",
    "crl-der-in-pem-bundle/bad-certificate-23": "the same certificate stands there in PEM form, too",
    "crl-missing-in-chain/ok-none-at-all-23": _OTHER_RULE,
    "crl-missing-in-chain/ok-none-at-all-24": _OTHER_RULE,
    "crl-missing-in-chain/ok-unrelated-root-23": _OTHER_RULE,
    "crl-missing-in-chain/ok-unrelated-root-24": _OTHER_RULE,
    "crl-not-checked-by-postfix/bad-trust-file-missing": "the file is missing in the audited tree, not on the host",
    "crl-two-of-one-issuer/bad-fuller-one-counts-23": _NOBODY_GAINS,
    "crl-two-of-one-issuer/bad-fuller-one-counts-24": _NOBODY_GAINS,
    "crl-wrong-issuer/bad-of-no-use-23": _NOBODY_GAINS,
    "crl-wrong-issuer/bad-of-no-use-24": _NOBODY_GAINS,
    "cert-name-overrides-password-login/ok-only-external-23": _NO_LOGIN,
    "external-file-keeps-hashes/bad-disregarded-24": _NOBODY_GAINS,
    "external-users-drift/bad-no-mailbox-23": _FAILS_BEHIND,
    "external-users-drift/bad-no-mailbox-24": _FAILS_BEHIND,
    "external-file-keeps-hashes/ok-without-nopassword-23": "the user is not meant to log in with a certificate",
    "dovecot-cipher-list-weak/bad-against-policy-24": _AGAINST_POLICY_ONLY,
    "dovecot-cipher-list-weak/bad-default-is-info-23": _AGAINST_POLICY_ONLY,
    "dovecot-cipher-list-weak/bad-dropped-23": "the OpenSSL here has none of the ciphers that it dropped",
    "dovecot-cipher-list-weak/bad-no-forward-secrecy-23": "the server's key is for ECDSA, and kRSA takes one for RSA",
    "dovecot-tls-protocol-old/bad-one-protocol-24": "the OpenSSL here refuses the protocol at its security level",
    "dovecot-tls-protocol-old/bad-refused-by-openssl-23": "the OpenSSL here refuses the protocol at its security level",
    "external-without-cert-request/ok-proxy-protocol-23": "the proxy asks for the certificate; there is none here",
    "external-without-cert-request/ok-proxy-protocol-24": "the proxy asks for the certificate; there is none here",
    "file-marker-missing/ok-text-written-out-23": "written on one line, PEM text is refused, too",
    "haproxy-forged-cert-name/bad-name-from-freed-memory-24": "what is in freed memory is chance",
    "invalid-value/ok-wrappermode-pf": "a wrapped port greets nobody without a certificate, and the case has none",
    "key-certificate-mismatch/ok-encrypted-23": "the key's password is missing, which is another fault",
    "key-certificate-mismatch/ok-encrypted-24": "the key's password is missing, which is another fault",
    "passdb-any-password/bad-ldap-24": "there is no LDAP server here",
    "passdb-any-password/bad-proxy-is-medium-23": "there is no server behind the proxy here",
    "protocol-passdb-runs-first/bad-included-23": "the clients here do not speak ManageSieve",
    "server-cert-expired/bad-expiring-23": _NOT_YET,
    "server-cert-expired/bad-expiring-24": _NOT_YET,
    "server-cert-expired/bad-expiring-pf": _NOT_YET,
    "smtpd-trusts-public-cas/bad-asked-only": _NOBODY_GAINS,
    "require-cert-blocks-mta/ok-without-postfix-23": "there is no Postfix here that would ask",
    "require-cert-blocks-mta/ok-without-postfix-24": "there is no Postfix here that would ask",
    "ssl-ca-public-bundle/bad-certificate-required-23": _NO_LOGIN,
    "postfix-cipher-weak/bad-own-list-is-info": _AGAINST_POLICY_ONLY,
    "postfix-tls-protocol-old/bad-client": "no server is there for the SMTP client to talk to",
    "stats-or-config-socket-open/bad-writer-23": _COUNTS_ONLY,
    "stats-or-config-socket-open/bad-writer-24": _COUNTS_ONLY,
    "tls-loglevel-high/bad-client-option": "no server is there for the SMTP client to talk to",
    "unknown-setting/ok-short-names-24": "the case does not have the files that it names",
}
"""Cases whose harm, or whose lack of it, no client can see here; and why."""


def start(case: Case, harm: Harm, daemon: str, tree: Path, cage: Cage) -> Server:
    """Start a daemon with a case."""

    def prepare(cage: Cage) -> None:
        harm.prepare(case, cage)

    if daemon == "dovecot":
        return Dovecot(
            cage,
            tree,
            case.dialect,
            prepare,
            certificates_log_in=harm.certificates_log_in,
            keeps_modes=harm.keeps_modes,
        )
    return Postfix(cage, tree, prepare)
