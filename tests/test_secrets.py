"""No secret of any example, case or corpus tree on any output."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cases import NOW, Case, all_cases
from reports import every_output

from auditor.audit import audit
from auditor.discover import discover
from auditor.rule import discover as all_rules

if TYPE_CHECKING:
    from auditor.audit import Audit

REPOSITORY = Path(__file__).parents[1]
EXAMPLES = sorted(path.parent for path in (REPOSITORY / "examples").glob("*/etc"))
SECRET = "Xk9-not-to-be-shown"


def audited(root: Path) -> Audit:
    return audit(discover([str(root)], modes=True), all_rules(), now=NOW)


def shown(result: Audit, secrets: frozenset[str]) -> list[tuple[str, str]]:
    """Return the outputs that hold a secret, with the secret."""
    return [(form, secret) for form, text in every_output(result).items() for secret in secrets if secret in text]


def secrets_below(root: Path) -> frozenset[str]:
    """Return the lines of the private keys in a tree, and the password fields of its passwd-files."""
    found: set[str] = set()
    for path in (one for one in root.rglob("*") if one.is_file()):
        text = path.read_text(errors="surrogateescape")
        for key in re.findall(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n(.*?)-----END", text, re.DOTALL):
            found.update(line for line in key.splitlines() if len(line) > 20)
        if path.name.startswith("users"):
            found.update(line.split(":")[1] for line in text.splitlines() if ":" in line and not line.startswith("#"))
    return frozenset(one for one in found if len(one) > 5)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_secrets_of_the_examples(example: Path) -> None:
    secrets = secrets_below(example)
    assert secrets, "an example without a secret proves nothing"
    assert shown(audited(example), secrets) == []


@pytest.mark.parametrize("case", [case for case in all_cases() if case.secrets], ids=lambda case: case.id)
def test_the_secrets_of_the_cases(case: Case, tmp_path: Path) -> None:
    root = tmp_path / "host"
    case.materialise(root)
    assert shown(case.audited(root), case.secrets) == []


HEAD_24 = "dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\n"
HIDING_PLACES = {
    "etc/dovecot/dovecot.conf": [
        "ssl_key_password = {}",
        "ssl_key_password = {}\nbroken line",
        "# ssl_key_password = {}",
        "ssl_key_pasword = {}",
        "doveadm_password = {}\ndoveadm_api_key = {}",
        "imapc_password = {}",
        "passdb {{\n  driver = static\n  args = user=x password={} nopassword=y\n}}",
        "passdb {{\n  driver = static\n  default_fields = password={}\n}}",
        "passdb {{\n  driver = ldap\n  args = /etc/dovecot/ldap.conf\n  password = {}\n}}",
        'plugin {{\n  sieve_pass = x\n  mail_crypt_private_password = {}\n  "my_secret" = {}\n}}',
        'ssl_key_password = "{}',
        "ssl_key_password = \\\n  {}\n}}",
        "dict {{\n  quota = mysql:/etc/x password={}\n}}",
        "auth_policy_hash_nonce = {}",
        "ssl_key = -----BEGIN PRIVATE KEY-----{}",
    ],
    "etc/dovecot-new/dovecot.conf": [
        HEAD_24 + "ssl_server {{\n  key_password = {}\n}}",
        HEAD_24 + "passdb static {{\n  password = {}\n  fields {{\n    nopassword = no\n  }}\n}}",
        HEAD_24 + "passdb static {{\n  passdb_static_password = {}\n}}\npassdb_static_password = {}",
        HEAD_24 + "passdb ldap {{\n  ldap_auth_dn_password = {}\n}}\nldap_auth_dn_password = {}",
        HEAD_24 + "mysql db {{\n  password = {}\n  user = x\n}}",
        HEAD_24 + "ssl_server_key_password = {}\nunknown_password = {}",
        HEAD_24 + "passdb_fields {{\n  password = {}\n}}",
        HEAD_24 + "oauth2 {{\n  client_secret = {}\n}}\noauth2_client_secret = {}",
        HEAD_24 + "doveadm_password = inline:{}",
    ],
    "etc/postfix/main.cf": [
        "smtp_sasl_password_maps = inline:{{ [relay.example]=user:{} }}",
        "smtp_sasl_password_maps = static:user:{}",
        "smtp_sasl_password_maps =\n  inline:{{\n  {{ a = user:{} }}\n  }}",
        "mysql_password = {}\nvirtual_mailbox_maps = mysql:mysql",
        "ldap_bind_pw = {}\nvirtual_alias_maps = ldap:ldap",
        "# mysql_password = {}\nmysql_password = {}",
        "smtpd_tls_dh1024_param_file = $mysql_password\nmysql_password = {}\nmyhostname = $mysql_password",
        "soft_bounce = $x_password\nx_password = {}",
    ],
    "etc/postfix/master.cf": [
        "smtp inet n - y - - smtpd -o smtp_sasl_password_maps=static:user:{}",
        "smtp inet n - y - - smtpd\n  -o {{ smtp_sasl_password_maps = inline:{{ x = user:{} }} }}",
        "smtp inet n - y - - smtpd -o x_password={} -o a = b",
        "smtp inet n - y\n# x_password={}",
    ],
    "etc/postfix/sasl_passwd": ["[relay.example]:587 user:{}", "broken\n{}"],
    "etc/dovecot/users": [
        "alice:{{PLAIN}}{}:::::",
        "alice:{}\n:{}\n{}:x",
        "alice:{{PLAIN}}{}::::::nopassword=no password={}",
    ],
}


@pytest.mark.parametrize(
    ("name", "text"),
    [(name, text) for name, texts in HIDING_PLACES.items() for text in texts],
    ids=lambda one: one[:60],
)
def test_a_secret_wherever_it_stands(tmp_path: Path, name: str, text: str) -> None:
    files = {
        "etc/dovecot/dovecot.conf": "passdb {\n  driver = passwd-file\n  args = /etc/dovecot/users\n}\n",
        "etc/dovecot/users": "alice:\n",
        "etc/postfix/main.cf": "".join(
            f"{user} = texthash:/etc/postfix/sasl_passwd\n" for user in ("smtp_sasl_password_maps", "relay_clientcerts")
        ),
        "etc/postfix/master.cf": "smtp inet n - y - - smtpd\n",
    }
    files[name] = text.replace("{}", SECRET).replace("{{", "{").replace("}}", "}") + "\n"
    for file, content in files.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(content)
    result = audited(tmp_path)
    assert result.failures == ()
    assert shown(result, frozenset({SECRET})) == []
