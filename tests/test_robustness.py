"""What never may happen: a traceback, a hang or unbounded memory, whatever the configuration is like.

Each test runs the command in a process of its own with limits on time and memory, and looks for the promised status.
"""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reports import validated

from auditor import cli

if TYPE_CHECKING:
    from typing import Any

REPOSITORY = Path(__file__).parents[1]
CORPUS = REPOSITORY.parent / "shared" / "corpus"
SECONDS = 30
"""Processor time that the command may use; wall time says little on a busy machine."""
MEMORY = 2 * 1024**3
"""Address space that the command may use, in bytes."""
NOBODY = 65534

DOVECOT = (
    "ssl_cert = </etc/ssl/server.crt\nssl_key = </etc/ssl/server.key\nssl_ca = </etc/ssl/ca.pem\n"
    "passdb {\n  driver = passwd-file\n  args = /etc/dovecot/users\n}\n"
)
DOVECOT_24 = "dovecot_config_version = 2.4.1\ndovecot_storage_version = 2.4.1\n" + (
    "ssl_server {\n  cert_file = /etc/ssl/server.crt\n  key_file = /etc/ssl/server.key\n"
    "  ca_file = /etc/ssl/ca.pem\n}\n"
    "passdb passwd-file {\n  passwd_file_path = /etc/dovecot/users\n}\n"
)
POSTFIX = (
    "smtpd_tls_chain_files = /etc/ssl/server.key\nsmtpd_tls_CAfile = /etc/ssl/ca.pem\n"
    "relay_clientcerts = texthash:/etc/postfix/certs\n"
)
NAMED = ("etc/ssl/server.crt", "etc/ssl/server.key", "etc/ssl/ca.pem", "etc/dovecot/users", "etc/postfix/certs")


class Result:
    """What a run of the command printed and returned."""

    def __init__(self, done: subprocess.CompletedProcess[bytes]) -> None:
        self.status = done.returncode
        self.out = done.stdout.decode("utf-8", "surrogateescape")
        self.err = done.stderr.decode("utf-8", "surrogateescape")
        assert "Traceback" not in self.err + self.out
        assert "internal" not in self.err
        assert 0 <= self.status < 3, self.err

    @property
    def json(self) -> dict[str, Any]:
        return validated(self.out)

    @property
    def rules(self) -> set[str]:
        return {finding["rule"] for finding in self.json["findings"]}


def command(root: Path, *arguments: str) -> Result:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))

    done = subprocess.run(
        [sys.executable, "-m", "auditor", *(arguments or ("etc", "--format", "json"))],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        timeout=10 * SECONDS,
        preexec_fn=limited,
        check=False,
    )
    return Result(done)


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A host whose daemons name files that each test makes in its own way."""
    for name in (*NAMED, "etc/dovecot/dovecot.conf", "etc/postfix/main.cf"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "etc/dovecot/dovecot.conf").write_text(DOVECOT)
    (tmp_path / "etc/postfix/main.cf").write_text(POSTFIX)
    (tmp_path / "etc/postfix/master.cf").write_text("smtp inet n - y - - smtpd\n")
    return tmp_path


def make(path: Path, kind: str) -> None:
    """Make something that is not what a daemon expects there."""
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(os.path.relpath(path))
        case "folder":
            path.mkdir()
        case "device":
            path.symlink_to("/dev/zero")
        case "loop":
            path.symlink_to(path.name)
        case "outside":
            path.symlink_to("../../../../../../../../../../etc/passwd")
        case "large":
            with path.open("wb") as file:
                file.truncate(100 * 1024**2)
        case "binary":
            path.write_bytes(bytes(range(256)) * 100)
        case "empty":
            path.write_bytes(b"")


@pytest.mark.parametrize("text", [DOVECOT, DOVECOT_24], ids=["2.3", "2.4"])
@pytest.mark.parametrize(
    "kind", ["missing", "fifo", "socket", "folder", "device", "loop", "outside", "large", "binary", "empty"]
)
def test_whatever_the_named_files_are(host: Path, kind: str, text: str) -> None:
    """A FIFO as ssl_key has no writer, a device no end; neither may be opened."""
    (host / "etc/dovecot/dovecot.conf").write_text(text)
    for name in NAMED:
        make(host / name, kind)
    result = command(host)
    if kind not in ("binary", "empty"):
        said = {entry["what"] + entry["why"] for entry in result.json["not_checked"]}
        said |= {finding["message"] for finding in result.json["findings"]}
        assert any("ca.pem" in one for one in said)
        assert any("users" in one for one in said)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
def test_a_real_device_is_not_opened(host: Path) -> None:
    for name in NAMED:
        try:
            os.mknod(host / name, 0o600 | 0o020000, os.makedev(1, 5))
        except PermissionError:
            pytest.skip("this container makes no devices")
    assert any("not a regular file" in entry["why"] for entry in command(host).json["not_checked"])


@pytest.mark.parametrize("name", ["etc/dovecot/dovecot.conf", "etc/postfix/main.cf", "etc/postfix/master.cf"])
@pytest.mark.parametrize("kind", ["large", "fifo", "folder", "outside"])
def test_whatever_the_main_files_are(host: Path, name: str, kind: str) -> None:
    """A main file that cannot be read is an error with its path; the other daemon is still audited."""
    path = host / name
    path.unlink()
    make(path, kind)
    result = command(host)
    if kind in ("large", "fifo"):
        assert result.status == 2
        assert [error["path"] for error in result.json["errors"]] == [name]
    (one,) = result.json["hosts"]
    assert one["dovecot"] or "dovecot" in name
    assert one["postfix"] or "postfix" in name


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_as_a_user_who_may_not_read_the_keys(host: Path) -> None:
    for name in ("server.key", "server.crt"):
        shutil.copy(REPOSITORY / "tests/pki" / name, host / "etc/ssl")
    (host / "etc/ssl/server.key").chmod(0o600)
    (host / "etc/postfix/main.cf").chmod(0o600)
    # The interpreter may lie where only root looks: the first run imports everything, then the process becomes nobody.
    code = (
        "import os, sys\n"
        "from auditor import cli\n"
        "cli.run(['etc', '--output', os.devnull])\n"
        "cli.run(['etc', '--format', 'json', '--output', os.devnull])\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "sys.stderr.write('SECOND RUN\\n')\n"
        "sys.exit(cli.run(['etc', '--format', 'json']))\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        shutil.copytree(host / "etc", Path(folder, "etc"))
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, check=False
        )
    result = Result(done)
    assert result.status == 2
    assert [error["path"] for error in result.json["errors"]] == ["etc/postfix/main.cf"]
    assert result.err.partition("SECOND RUN\n")[2] == (
        "mailaudit: etc/postfix/main.cf: permission denied (it takes a user who may read it)\n"
    )
    said = [entry["what"] + entry["why"] for entry in result.json["not_checked"]]
    assert any("server.key" in one and "permission denied" in one for one in said)


@pytest.mark.parametrize(
    "includes",
    [
        {"a.conf": "!include a.conf\n"},
        {"a.conf": "!include b.conf\n", "b.conf": "!include a.conf\n"},
        {"a.conf": "!include *.conf\n!include *.conf\n"},
        {"a.conf": "!include_try /etc/dovecot/../dovecot/./a.conf\n"},
        {"a.conf": "!include dovecot.conf\n"},
    ],
)
def test_includes_that_go_round_end(host: Path, includes: dict[str, str]) -> None:
    for name, text in includes.items():
        (host / "etc/dovecot" / name).write_text(text)
    (host / "etc/dovecot/dovecot.conf").write_text("!include a.conf\n" + DOVECOT)
    assert "syntax-error" in command(host).rules


def test_includes_by_the_thousand(host: Path) -> None:
    """Each of 20 files includes each of the others of higher number twice: a million files, if nothing bounds it."""
    for number in range(20):
        (host / f"etc/dovecot/{number}.conf").write_text(
            "".join(f"!include {more}.conf\n" * 2 for more in range(number + 1, 20))
        )
    (host / "etc/dovecot/dovecot.conf").write_text("!include 0.conf\n" + DOVECOT)
    command(host)


@pytest.mark.parametrize("text", [DOVECOT, DOVECOT_24], ids=["2.3", "2.4"])
def test_ten_thousand_includes(host: Path, text: str) -> None:
    (host / "etc/dovecot/conf.d").mkdir()
    for number in range(10_000):
        (host / f"etc/dovecot/conf.d/{number}.conf").write_text("mail_debug = no\n")
    (host / "etc/dovecot/dovecot.conf").write_text(text + "!include conf.d/*.conf\n")
    command(host)


HOSTILE = {
    "a line of a megabyte": "x" * 1_000_000,
    "a value of a megabyte": "mail_location = " + "x" * 1_000_000,
    "quotes": '"' * 100_000,
    "braces": "{" * 100_000,
    "braces on lines": "{\n" * 30_000,
    "closing braces": "}\n" * 30_000,
    "dollars": "mail_location = " + "$mail_location " * 50_000,
    "doubling": "".join(f"p{n} = $p{n - 1}$p{n - 1}\n" for n in range(1, 100)) + "myhostname = $p99\n",
    "itself": "myhostname = $myhostname\nmail_location = $mail_location\n",
    "deep braces": "x = ${a?{" * 20_000 + "}}" * 20_000,
    "deep percent": "mail_location = " + "%{if;" * 20_000,
    "continuations": "mail_location = a \\\n" * 100_000 + "b\n",
    "blank continuations": "myhostname = a\n" + " b\n" * 100_000,
    "comments": "#\n" * 50_000,
    "nested sections": "service a {\n" * 5000 + "}\n" * 5000,
    "nested filters": "protocol imap {\n" * 5000 + "}\n" * 5000,
    "many sections": "passdb {\n  driver = pam\n}\n" * 5000,
    "many filters": "".join(f"local_name h{n}.example.org {{\n  ssl_key = </k{n}\n}}\n" for n in range(3000)),
    "many settings": "".join(f"plugin/x{n} = {n}\n" for n in range(10_000)),
    "many parameters": "".join(f"p{n} = $p{n + 1}\n" for n in range(10_000)),
    "classes": "".join(f"c{n} = c{n + 1} c{n + 1}\n" for n in range(50))
    + "smtpd_restriction_classes = "
    + " ".join(f"c{n}" for n in range(50))
    + "\nsmtpd_relay_restrictions = c0\n",
    "maps": "relay_clientcerts = " + "proxy:" * 50_000 + "\n",
    "nested maps": "relay_clientcerts = " + "pipemap:{" * 20_000 + "}" * 20_000 + "\n",
    "services": "smtp inet n - y - - smtpd -o a=b\n" * 5000,
    "options": "smtp inet n - y - - smtpd" + " -o a=b" * 50_000 + "\n",
    "option braces": "smtp inet n - y - - smtpd " + "-o { a = " * 20_000 + "\n",
    "heredoc": "key = <<E\n" + "x\n" * 30_000,
    "files": "ssl_ca = <" + "/" * 100_000 + "\n",
    "glob": "!include " + "*" * 50_000 + "\n",
    "glob stars": "!include " + "*/" * 2000 + "\n",
    "nul": "mail_location\0 = \0\n" * 1000,
    "carriage returns": "a = b\r" * 50_000,
    "not utf-8": "\udcff\udcfe = \udc80\n" * 1000,
    "escapes": "\x1b]0;x\x07 = \x9b31m\n" * 1000,
    "byte order mark": "\ufeffssl = yes\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_end_in_time(host: Path, name: str) -> None:
    text = HOSTILE[name].encode("utf-8", "surrogateescape")
    (host / "etc/dovecot/dovecot.conf").write_bytes(DOVECOT.encode() + text)
    (host / "etc/dovecot-new").mkdir()
    (host / "etc/dovecot-new/dovecot.conf").write_bytes(DOVECOT_24.encode() + text)
    (host / "etc/postfix/main.cf").write_bytes(POSTFIX.encode() + text)
    (host / "etc/postfix/master.cf").write_bytes(b"smtp inet n - y - - smtpd\n" + text)
    for table in ("etc/dovecot/users", "etc/postfix/certs", "etc/ssl/ca.pem"):
        (host / table).write_bytes(text)
    result = command(host)
    assert result.json["hosts"][0]["dovecot"]
    assert len(result.out) < 10_000_000


@pytest.mark.parametrize(
    "name", ["-rf", "a\nb", "\x1b[31mred", "[bold]x[bold]", "%s{}", "ü\udcff", "x" * 200, " ", "'\"$(touch pwned)"]
)
def test_hostile_names_of_files_and_folders(host: Path, name: str) -> None:
    (host / "etc/dovecot/conf.d").mkdir()
    (host / "etc/dovecot/conf.d" / f"{name}.conf").write_bytes(b"broken line\n\x1b[31m = {\n")
    (host / "etc/dovecot/dovecot.conf").write_text("!include conf.d/*.conf\n" + DOVECOT)
    (host / "etc").rename(host / "moved")
    (host / name).mkdir()
    (host / "moved").rename(host / name / "etc")
    result = command(host, "./" + name)
    assert result.status == 1
    assert not [char for char in result.out + result.err if ord(char) < 0x20 and char != "\n"]
    assert validated(command(host, "./" + name, "--format", "json").out)["findings"]
    assert not (host / "pwned").exists()


def test_the_tree_is_not_written_to(host: Path) -> None:
    def state() -> list[tuple[str, int, int]]:
        return [(str(path), path.lstat().st_mtime_ns, path.lstat().st_size) for path in sorted(host.rglob("*"))]

    before = state()
    command(host)
    command(host, "settings", "etc")
    assert state() == before


def test_nothing_is_run_and_no_network_is_used(host: Path) -> None:
    """Every way out of the process is watched by an audit hook (PEP 578)."""
    code = (
        "import sys\n"
        "FORBIDDEN = ('subprocess.', 'os.system', 'os.exec', 'os.posix_spawn', 'os.fork', 'os.spawn', 'socket.')\n"
        "def watch(event, _):\n"
        "    if event.startswith(FORBIDDEN):\n"
        "        sys.stdout.write('FORBIDDEN ' + event + '\\n')\n"
        "sys.addaudithook(watch)\n"
        "from auditor import cli\n"
        "cli.run(['etc', '--exit-zero'])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=host, env=environment, capture_output=True, text=True, check=True
    )
    assert "FORBIDDEN" not in done.stdout
    assert "Read" in done.stdout


SIGNS = st.sampled_from(
    ["{", "}", "=", "<", "$", "%{", "\\", '"', "'", "#", "\n", " ", "\t", "\0", "@", "${", "<<E", "\udcff"]
)
WORDS = st.sampled_from(
    [
        "ssl",
        "passdb",
        "!include",
        "-o",
        "yes",
        "protocol imap",
        "smtp inet n - y - - smtpd",
        "smtpd_tls_CAfile",
        "a=b",
        "ä",
    ]
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SIGNS | WORDS, max_size=60), st.sampled_from(["", DOVECOT_24]))
def test_any_text_is_audited(host: Path, words: list[str], head: str) -> None:
    text = (head + "".join(words)).encode("utf-8", "surrogateescape")
    for name in ("dovecot/dovecot.conf", "postfix/main.cf", "postfix/master.cf", "dovecot/users"):
        (host / "etc" / name).write_bytes(text)
    assert cli.run([str(host / "etc"), "--output", os.devnull]) in (0, 1)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared/corpus")
def test_the_corpus_is_audited_without_an_error() -> None:
    trees = sorted(str(path) for path in CORPUS.glob("*/etc"))
    result = command(CORPUS, *trees, "--format", "json")
    assert result.status == 1
    assert result.json["errors"] == []
    assert result.json["not_checked"]
