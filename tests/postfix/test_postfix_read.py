"""What main.cf and master.cf of a folder mean."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from postfix_texts import read, service

from auditor.finding import ProblemKind
from auditor.host import Host, Mount, Reason
from auditor.postfix.read import read_postfix
from auditor.postfix.relay_guard import has_relay_guard
from auditor.postfix.shown import parameters_shown
from auditor.text import HIDDEN

SMTPD = "smtp inet n - n - - smtpd"


def messages(configuration, kind=None):
    return [one.message for one in configuration.problems if kind in (None, one.kind)]


def test_the_last_assignment_counts_and_has_its_place(tmp_path):
    configuration = read(tmp_path, "relayhost = a\nmydomain = example.org\nrelayhost =\n   [b.$mydomain]\n")
    relayhost = configuration.parameters["relayhost"]
    assert (relayhost.value, relayhost.expanded) == ("[b.$mydomain]", "[b.example.org]")
    assert relayhost.origin.span.line == 3
    assert relayhost.origin.span.text == "relayhost =\n   [b.$mydomain]"
    assert [name for name, _ in relayhost.because] == ["mydomain"]
    assert relayhost.because[0][1].span.line == 2
    assert relayhost.assignment.value.span.text == "[b.$mydomain]"
    assert str(relayhost.origin).endswith("main.cf:3")


def test_defaults_come_from_the_version(tmp_path):
    old = read(tmp_path, version="3.5.25", source="option")
    assert old.get("smtp_tls_protocols").effective == "!SSLv2, !SSLv3"
    assert str(old.get("smtp_tls_protocols").origin) == "default 3.5.25"
    assert read(tmp_path, version="3.7.11").get("smtp_tls_protocols").effective == ">=TLSv1"
    assert read(tmp_path, version="3.7.9").get("smtpd_forbid_bare_newline").effective == "no"
    assert read(tmp_path, version="3.9.0").get("smtpd_forbid_bare_newline").effective == "normalize"
    unknown = read(tmp_path, version=None, source="")
    assert unknown.version_from == "assumed"
    assert unknown.get("no_such_parameter").value == ""


def test_debian_has_defaults_of_its_own_where_its_package_is_installed(tmp_path):
    assert read(tmp_path, source="dpkg").get("daemon_directory").effective == "/usr/lib/postfix/sbin"
    assert read(tmp_path, source="option").get("daemon_directory").effective == "/usr/libexec/postfix"


@pytest.mark.parametrize(
    ("level", "version", "expected"),
    [("", "3.7.11", "subnet"), ("compatibility_level = 2\n", "3.7.11", "host"), ("", "2.11.0", "subnet")],
)
def test_compatibility_level_decides_about_defaults(tmp_path, level, version, expected):
    assert read(tmp_path, level, version=version).get("mynetworks_style").effective == expected


def test_a_service_sees_its_options_over_main_cf(tmp_path):
    configuration = read(
        tmp_path,
        "mua_client = permit_mynetworks, reject\nsmtpd_client_restrictions = permit\nsmtpd_tls_security_level = may\n"
        "compatibility_level = 3.6\n",
        f"{SMTPD}\nsubmission inet n - n - - smtpd\n  -o smtpd_tls_security_level=none\n"
        "  -o smtpd_tls_security_level=encrypt\n  -o smtpd_client_restrictions=$mua_client\n"
        "  -o syslog_name=postfix/$service_name\n",
    )
    submission, smtp = service(configuration, "submission"), service(configuration, "smtp")
    level = configuration.get("smtpd_tls_security_level", submission)
    assert level.effective == "encrypt"
    assert level.origin.span.text == "-o smtpd_tls_security_level=encrypt"
    assert configuration.get("smtpd_tls_security_level", smtp).effective == "may"
    assert configuration.get("smtpd_tls_security_level").effective == "may"
    restrictions = configuration.get("smtpd_client_restrictions", submission)
    assert (restrictions.value, restrictions.effective) == ("$mua_client", "permit_mynetworks, reject")
    assert [name for name, _ in restrictions.because] == ["mua_client"]
    assert configuration.get("syslog_name", submission).effective == "postfix/submission"
    assert not configuration.problems


def test_broken_lines_are_problems_and_the_rest_is_read(tmp_path):
    configuration = read(
        tmp_path,
        "relayhost a\nmydomain = example.org\n= x\nmynetworks = ${a\ncompatibility_level = 3.6\n",
        f"smtp inet n\n{SMTPD} -o a = b\nsmtps inet n - n - - smtpd -o\n"
        "x unix Y - n 5m - pipe\ny foo - - - - - local\n",
    )
    assert configuration.get("mydomain").effective == "example.org"
    assert configuration.get("mynetworks").expanded is None
    assert [(one.kind, one.message, one.span.file.name, one.span.line) for one in configuration.problems] == [
        (ProblemKind.SYNTAX_ERROR, message, f"/etc/postfix/{file}", line)
        for message, file, line in (
            ("missing '=' after attribute name: \"relayhost...\"", "main.cf", 1),
            ('missing attribute name: "..."', "main.cf", 3),
            ('macro processing error: truncated macro reference: "${a"', "main.cf", 4),
            ("bad field count", "master.cf", 1),
            ("invalid \"-o a\" option value: missing '=' after attribute name", "master.cf", 2),
            ("unexpected command-line argument: =", "master.cf", 2),
            ("option requires an argument -- 'o'", "master.cf", 3),
            ('invalid private field "Y"', "master.cf", 4),
            ('invalid wakeup field "5m"', "master.cf", 4),
            ('invalid type field "foo"', "master.cf", 5),
        )
    ]


@pytest.mark.parametrize(
    ("main", "master", "expected"),
    [
        ("smtpd_tls_auth_only = true", SMTPD, ["bad boolean configuration: smtpd_tls_auth_only = true"]),
        ("smtpd_tls_auth_only =", SMTPD, ["bad boolean configuration: smtpd_tls_auth_only = "]),
        ("smtpd_tls_auth_only = YES", SMTPD, []),
        ("smtpd_tls_auth_only = true", "smtp unix - - n - - smtp", []),
        ("smtpd_tls_auth_only = true", f"{SMTPD} -o smtpd_tls_auth_only=yes", []),
        ("", f"{SMTPD} -o smtpd_tls_auth_only=1", ["bad boolean configuration: smtpd_tls_auth_only = 1"]),
        ("", "smtp unix - - n - - smtp -o smtpd_tls_auth_only=1", []),
        ("smtpd_timeout = 5x", SMTPD, ["parameter smtpd_timeout: bad time value or unit: 5x"]),
        ("smtpd_timeout = 5m", SMTPD, []),
        ("smtpd_timeout = 0", SMTPD, ["invalid smtpd_timeout parameter value 0 < 1"]),
        ("smtpd_recipient_limit = abc", SMTPD, ["bad numerical configuration: smtpd_recipient_limit = abc"]),
        ("message_size_limit = 10 # MB", SMTPD, ["bad numerical configuration: message_size_limit = 10 # MB"]),
        ("message_size_limit = 99999999999", SMTPD, []),
        ("smtpd_hard_error_limit = ${stress?{1}:{x}}", SMTPD,
         ["bad numerical configuration: smtpd_hard_error_limit = x"]),
        ("smtpd_tls_security_level = yes", SMTPD, ['Invalid TLS level "yes"']),
        ("smtpd_tls_security_level = dane", SMTPD, ['Invalid TLS level "dane"']),
        ("smtpd_tls_security_level = Encrypt", SMTPD, []),
        ("smtpd_tls_security_level = yes", f"{SMTPD} -o smtpd_tls_wrappermode=yes", []),
        ("smtp_tls_security_level = dane", "smtp unix - - n - - smtp", []),
        ("smtp_tls_security_level = on", "smtp unix - - n - - smtp", ['Invalid TLS level "on"']),
        ("smtpd_tls_security_level = may\ntls_append_default_CA = 1", SMTPD,
         ["bad boolean configuration: tls_append_default_CA = 1"]),
        ("tls_append_default_CA = 1", SMTPD, []),
        ("compatibility_level = 3.x", SMTPD, ['malformed compatibility level syntax: "3.x"']),
        ("smtpd_tls_auth_only = true", f"{SMTPD}\nsmtp inet n - n - - postscreen", []),
        ("smtpd_tls_auth_only = true\nmaster_service_disable = inet", SMTPD, []),
        ("smtpd_tls_auth_only = true", None, ["bad boolean configuration: smtpd_tls_auth_only = true"]),
        ("", "smtp inet - - n - - smtpd", ["inet service cannot be private"]),
        ("", "smtp inet n - n - -1 smtpd", ['invalid process_limit field "-1"']),
        ("", f"{SMTPD} -o smtpd_client_restrictions=permit_mynetworks, reject",
         ["unexpected command-line argument: reject"]),
        ("", f"{SMTPD} # comment", ["unexpected command-line argument: #"]),
        ("", "x unix - n n - - pipe flags=R user=v argv=/bin/x -o a", []),
        ("no_such_parameter = true\nmynetwork = 1", f"{SMTPD} -o also_unknown=x", []),
        ("  indented = x\nmydomain = a", SMTPD, []),
    ],
)  # fmt: skip
def test_what_a_program_refuses(tmp_path, main, master, expected):
    guard = "smtpd_relay_restrictions = reject_unauth_destination\n"
    assert messages(read(tmp_path, f"{main}\n{guard}", master and master + "\n")) == expected


@pytest.mark.parametrize(
    ("version", "level", "refused"),
    [
        ("3.5.25", "3.6", False),
        ("3.5.25", "3.x", False),
        ("3.5.10", "3.6", True),
        ("3.4.21", "3.6", False),
        ("3.5.25", "-1", False),
        ("3.5.25", "abc", True),
        ("3.5.25", "", True),
        ("3.5.25", "99999999999", True),
        ("3.6.0", "3.6", False),
        ("3.6.0", "-1", True),
    ],
)
def test_compatibility_levels_that_are_refused(tmp_path, version, level, refused):
    """``postmap`` of 3.5.25 was asked; that 3.5.10 knows no dots is in the source (``mail_params_init``)."""
    assert bool(read(tmp_path, f"compatibility_level = {level}\n", version=version).problems) is refused


@pytest.mark.parametrize(
    ("main", "guarded"),
    [
        ("smtpd_recipient_restrictions = permit_mynetworks", False),
        ("smtpd_relay_restrictions = permit, reject", False),
        ("smtpd_relay_restrictions = warn_if_reject reject", False),
        ("smtpd_relay_restrictions = warn_if_reject c\nc = reject\nsmtpd_restriction_classes = c", False),
        ("compatibility_level = 0", False),
        ("compatibility_level = 1", True),
        ("smtpd_recipient_restrictions = permit_mynetworks REJECT", True),
        ("smtpd_relay_restrictions = c, reject\nc = permit, x\nsmtpd_restriction_classes = c", True),
        ("smtpd_relay_restrictions = c\nc = permit, reject\nsmtpd_restriction_classes = c", False),
        ("smtpd_relay_restrictions =\nsmtpd_recipient_restrictions = check_relay_domains", True),
        ("smtpd_relay_restrictions = ${mydomain?{reject}}", True),
    ],
)
def test_smtpd_wants_a_guard_against_relaying(tmp_path, main, guarded):
    configuration = read(tmp_path, f"{main}\n", f"{SMTPD}\n")
    assert has_relay_guard(configuration, configuration.services[0]) is guarded


@pytest.mark.parametrize(("value", "line"), [("reject", None), ("", 2), ("$nothing", 2)])
def test_smtpd_wants_restriction_classes_to_hold_something(tmp_path, value, line):
    main = f"strict = {value}\nsmtpd_restriction_classes = strict\nsmtpd_relay_restrictions = reject\n"
    found = read(tmp_path, main, f"{SMTPD}\n587 inet n - n - - smtpd\n").problems
    assert [one.span.line for one in found] == ([] if line is None else [line])
    assert all(one.message == "restriction class `strict' needs a definition" for one in found)


def test_missing_and_unreadable_files_are_not_checked(tmp_path):
    configuration = read(tmp_path, None, None)
    assert (configuration.main_file, configuration.master_file, configuration.services) == (None, None, [])
    assert [one.why for one in configuration.not_checked] == [Reason.MISSING.why] * 2
    assert configuration.get("smtpd_tls_auth_only").effective == "no"


def test_the_host_name_comes_from_the_tree(tmp_path):
    (tmp_path / "etc/postfix").mkdir(parents=True)
    (tmp_path / "etc/hostname").write_text("mail.example.org\n")
    (tmp_path / "etc/postfix/main.cf").write_text("mydestination = $myhostname, $mydomain\n")
    configuration = read_postfix(Host((Mount("/", str(tmp_path)),)), "/etc/postfix/", "3.7.11", "dpkg")
    assert configuration.get("mydestination").effective == "mail.example.org, example.org"


def test_parameters_shown(tmp_path):
    configuration = read(
        tmp_path,
        "unused = $used\nused =  a   b\nsmtpd_restriction_classes = mine\nmine = permit\nmydomain = x\n"
        "virtual_alias_maps = proxy:mysql:va inline:{{x = y}}\nva_hosts = h\nva_password = geheim\n"
        "smtp_time_limit = 1\n"
        "relay_destination_rate_delay = 1s\nfrom_master = 1\n",
        f"{SMTPD} -o syslog_name=$from_master\nrelay unix - - n - - smtp\n",
    )
    shown = parameters_shown(configuration)
    assert list(shown) == [
        *("from_master", "mine", "mydomain", "relay_destination_rate_delay", "smtpd_restriction_classes", "used"),
        *("va_hosts", "va_password", "virtual_alias_maps"),
    ]
    assert shown["used"].value == "a b"
    assert shown["va_password"].secret
    everything = parameters_shown(configuration, defaults=True)
    assert set(shown) < set(everything)
    assert str(everything["smtpd_tls_auth_only"].origin) == "default 3.7.11"
    assert everything["relay_destination_concurrency_limit"].value == "$default_destination_concurrency_limit"


def test_secrets_are_marked(tmp_path):
    configuration = read(
        tmp_path,
        "#smtp_sasl_password_maps = inline:{x=geheim1}\nsmtp_sasl_password_maps = inline:{{x = u:geheim2}}, $more\n"
        "more = static:u:geheim3\nva_password = geheim4\nlmtp_sasl_password_maps = hash:/etc/postfix/sasl\n"
        "ldap_bind_pw = geheim5\nsmtp_sasl_password_maps static:u:geheim6\nvirtual_alias_maps = mysql:va ldap:ldap\n",
        f"smtp unix - - n - - smtp\n  -o smtp_sasl_password_maps=static:geheim7\n{SMTPD}\n",
    )
    secret = [name for name, one in configuration.parameters.items() if one.secret]
    assert secret == ["smtp_sasl_password_maps", "more", "va_password", "ldap_bind_pw"]
    smtp = service(configuration, "smtp")
    assert smtp.options["smtp_sasl_password_maps"].secret
    assert configuration.get("smtp_sasl_password_maps", smtp).secret
    assert smtp.command == f"smtp -o {{smtp_sasl_password_maps={HIDDEN}}}"
    for file in configuration.files:
        shown = "\n".join(file.shown_line(number + 1) for number in range(file.text.count("\n")))
        assert "geheim" not in shown
        assert "hash:/etc/postfix/sasl" in shown or file.name.endswith("master.cf")
    assert "geheim" not in "".join(messages(configuration))


def test_a_value_that_explodes_is_not_checked(tmp_path):
    main = "".join(
        f"p{number} = {'$p' + str(number + 1):} $p{number + 1} $p{number + 1} $p{number + 1}\n" for number in range(20)
    )
    configuration = read(tmp_path, f"{main}p20 = {'x' * 100}\nmynetworks = $p0\n")
    assert "the value of mynetworks" in [one.what for one in configuration.not_checked]
    assert not configuration.problems


@pytest.mark.parametrize(
    ("main", "master"),
    [
        ("mynetworks = " + "$mynetworks " * 100_000, ""),
        ("mynetworks = $a" + "${a?" * 50_000, ""),
        ("".join(f"p{number} = $p{number + 1}\n" for number in range(1_000)), ""),
        ("a = b\n" * 50_000, f"{SMTPD}\n" * 5_000),
        ("smtpd_recipient_restrictions = " + "permit_mynetworks, " * 20_000, f"{SMTPD}\n"),
        ("mynetworks =" + "\n  10.0.0.0/8" * 100_000, ""),
    ],
    ids=["self", "unclosed", "chain", "many", "list", "continuations"],
)
def test_large_inputs_take_linear_time(tmp_path, main, master):
    started = time.process_time()
    configuration = read(tmp_path, main, master)
    parameters_shown(configuration)
    assert time.process_time() - started < 20


@given(
    st.text(alphabet="aeo1-{}$=:,# \n\t\0\udcff", max_size=100), st.text(alphabet="smtpdinex-{}$=:,# \n", max_size=100)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read(tmp_path, main, rest):
    configuration = read(tmp_path, f"{main}\nmynetworks = {main}", f"smtp inet n - n - - smtpd {rest}\n{main}")
    parameters_shown(configuration, defaults=False)
    assert configuration.get("mynetworks").name == "mynetworks"
