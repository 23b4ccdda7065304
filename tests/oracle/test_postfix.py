"""Postfix's files mean what ``postconf`` of the real versions prints."""

from __future__ import annotations

import re
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from auditor.finding import ProblemKind
from auditor.host import Host, Mount
from auditor.postfix.read import read_postfix
from auditor.postfix.shown import parameters_shown, squeezed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    from auditor.postfix.configuration import Configuration

SHARED = Path(__file__).parents[2] / "../shared"
VERSIONS = {"bullseye": "3.5.25", "bookworm": "3.7.11", "trixie": "3.10.13", "sid": "3.11.7"}
AT = "/tmp/oracle-postfix"
OF_THE_PROCESS = frozenset({"debugger_command"})
"""Parameters that hold the number of the postconf process that prints them."""
ONLY_DAEMONS_REFUSE = {
    "dotink__inKSpot": "-o with blanks in its value: smtpd ends with 'unexpected command-line argument'",
    "m-brace-bad": "an unbalanced brace: postconf warns, the master ends with \"missing '}'\"",
    "m-comment-inline": "'#' behind the command: smtpd ends with 'unexpected command-line argument'",
}
"""Trees that postconf reads and that a daemon refuses: what only it says."""


def trees() -> list[Path]:
    names = ("main.cf", "master.cf")
    corpus = {file.parent for name in names for file in (SHARED / "corpus").rglob(name)}
    return sorted(corpus | {file.parent for file in (SHARED / "peer-tests/oracle-postfix").glob("*/main.cf")})


def label(folder: Path) -> str:
    parts = folder.relative_to(SHARED).parts
    return parts[2] if parts[0] == "peer-tests" else parts[1]


def pairs(text: str) -> dict[str, str]:
    lines = (line.partition(" =") for line in text.splitlines() if " =" in line)
    return {name: value.strip() for name, _, value in lines}


def copied(tree: Path, root: Path) -> Path:
    """Return a folder with both files of a tree, empty where the tree has none, beside the name of this host."""
    folder = root / "postfix"
    folder.mkdir(parents=True)
    for name in ("main.cf", "master.cf"):
        (folder / name).touch()
        if (tree / name).is_file():
            shutil.copyfile(tree / name, folder / name)
    (root / "etc").mkdir()
    (root / "etc/hostname").write_text(socket.gethostname())
    return folder


def read(folder: Path, version: str) -> Configuration:
    mounts = (Mount(AT, str(folder)), Mount("/etc", str(folder.parent / "etc")))
    return read_postfix(Host(mounts), AT, version, "dpkg")


OPTIONS = ("-n", "-M", "-P", "-nx")
ASK = "for option in {}; do echo @@; postconf -c {} $option || exit; done".format(" ".join(OPTIONS), AT)


@pytest.fixture(scope="module")
def answers(
    request: pytest.FixtureRequest, oracle: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[tuple[Path, str], Future[tuple[Path, int, str, str]]]]:
    """What postconf says about each selected tree, asked at once: it sleeps a second before it refuses one."""

    def ask(tree: Path, suite: str) -> tuple[Path, int, str, str]:
        folder = copied(tree, tmp_path_factory.mktemp("host"))
        with oracle.Tree(suite, folder, at=AT, main="main.cf") as there:
            return (folder, *there.run(["sh", "-c", ASK]))

    items = [
        one for one in request.session.items if getattr(one, "originalname", "") == "test_postconf_prints_the_same"
    ]
    asked = [(one.callspec.params["tree"], one.callspec.params["suite"]) for one in items]
    with ThreadPoolExecutor(8) as pool:
        yield {(tree, suite): pool.submit(ask, tree, suite) for tree, suite in asked}


@pytest.mark.parametrize("suite", VERSIONS)
@pytest.mark.parametrize("tree", [pytest.param(tree, id=label(tree)) for tree in trees()])
def test_postconf_prints_the_same(
    tree: Path, suite: str, answers: dict[tuple[Path, str], Future[tuple[Path, int, str, str]]]
) -> None:
    folder, status, out, errors = answers[tree, suite].result()
    configuration = read(folder, VERSIONS[suite])
    if status:
        check_refusal(configuration, errors)
        return
    syntax_errors = [one for one in configuration.problems if one.kind is ProblemKind.SYNTAX_ERROR]
    assert len(syntax_errors) == (label(tree) in ONLY_DAEMONS_REFUSE)
    printed = dict(zip(OPTIONS, out.split("@@\n")[1:], strict=True))
    check_parameters(configuration, printed)
    check_services(configuration, printed)


def check_refusal(configuration: Configuration, errors: str) -> None:
    assert configuration.problems, errors
    line = re.search(r", line (\d+)|: line (\d+):", errors)
    if line:
        assert int(line[1] or line[2]) in [problem.span.line for problem in configuration.problems]


def check_parameters(configuration: Configuration, answers: dict[str, str]) -> None:
    shown = parameters_shown(configuration)
    left_out = OF_THE_PROCESS | ({"config_directory"} - set(configuration.assignments))
    for option, values in (
        ("-n", {name: one.value for name, one in shown.items()}),
        ("-nx", {name: one.expanded for name, one in shown.items()}),
    ):
        expected = pairs(answers[option])
        for name in left_out:
            values.pop(name, None)
            expected.pop(name, None)
        assert values == expected
        assert list(values) == list(expected)


def check_services(configuration: Configuration, answers: dict[str, str]) -> None:
    rows = [re.split(" +", line, maxsplit=7) for line in answers["-M"].splitlines()]
    assert [
        [one.service, one.type, one.private, one.unpriv, one.chroot, one.wakeup, one.maxproc, one.command]
        for one in configuration.services
    ] == rows
    # postconf keeps the options of two services of one name and type together.
    options = {
        f"{service.service}/{service.type}/{option.name}": squeezed(option.value)
        for service in configuration.services
        for option in service.options.values()
    }
    assert options == pairs(answers["-P"])


@pytest.mark.parametrize("suite", VERSIONS)
def test_defaults_are_those_of_the_package(suite: str, oracle: Any, tmp_path: Path) -> None:
    folder = copied(Path("/nonexistent"), tmp_path)
    expected = oracle.postfix_settings(suite, folder)
    shown = parameters_shown(read(folder, VERSIONS[suite]), defaults=True)
    of_the_host = {"mynetworks", "process_id", "process_name", "service_name", "mail_release_date", "config_directory"}
    values = {name: one.value for name, one in shown.items() if name not in of_the_host}
    assert values == {name: value for name, value in expected.items() if name not in of_the_host}


SMTPD = "/usr/lib/postfix/sbin/smtpd"
VALUES = (
    *("smtpd_tls_auth_only=true", "smtpd_tls_auth_only=", "smtpd_tls_auth_only=YES", "smtpd_tls_auth_only=1"),
    *(
        "smtpd_timeout=5x",
        "smtpd_timeout=5m",
        "smtpd_timeout=5",
        "smtpd_timeout=0",
        "smtpd_timeout=-1s",
        "smtpd_timeout=",
    ),
    *("smtpd_timeout=5mx", "smtpd_timeout=99999w", "smtpd_timeout=5M", "smtpd_recipient_limit=abc"),
    *("smtpd_recipient_limit=+10", "smtpd_recipient_limit=0", "smtpd_recipient_limit=99999999999"),
    *("message_size_limit=99999999999", "message_size_limit=10 # MB", "smtpd_hard_error_limit=${stress?{x}:{1}}"),
    *("smtpd_hard_error_limit=${stress?{1}:{x}}", "smtpd_tls_security_level=yes", "smtpd_tls_security_level=dane"),
    *("smtpd_tls_security_level=Encrypt", "smtpd_tls_security_level=verify", "mynetworks=${x", "mydomain=$mydomain x"),
    *("smtpd_reject_footer=${x", "compatibility_level=3.x", "compatibility_level=9999", "default_process_limit="),
    *(
        "lmtp_tls_security_level=yes",
        "smtp_tls_security_level=yes",
        "no_such=${x",
        "soft_bounce=maybe",
        "soft_bounce=no",
    ),
)


def main_with(value: str) -> str:
    """Return a main.cf that has nothing else that could end smtpd: level 0 has no restrictions against relaying."""
    return "compatibility_level = 3.6\n" + value.replace("=", " = ", 1) + "\n"


@pytest.mark.parametrize("suite", VERSIONS)
def test_smtpd_ends_on_the_values_that_are_problems(suite: str, oracle: Any, tmp_path: Path) -> None:
    def ends(number: int) -> bool:
        folder = copied(Path("/nonexistent"), tmp_path / f"ask{number}")
        (folder / "main.cf").write_text(main_with(VALUES[number]))
        with oracle.Tree(suite, folder, at=AT, main="main.cf") as there:
            status, *_ = there.run(["env", f"MAIL_CONFIG={AT}", SMTPD, "-S", "-o", "local_recipient_maps="])
        return bool(status)

    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip(VALUES, pool.map(ends, range(len(VALUES))), strict=True))
    judged = {}
    for value in VALUES:
        folder = copied(Path("/nonexistent"), tmp_path / f"own{len(judged)}")
        (folder / "main.cf").write_text(main_with(value))
        (folder / "master.cf").write_text("smtp inet n - n - - smtpd\n")
        judged[value] = bool(read(folder, VERSIONS[suite]).problems)
    assert judged == answers
