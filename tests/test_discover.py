"""Which hosts and instances belong to a path, and where their roots are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from auditor import instances
from auditor.discover import Discovery, discover
from auditor.host import Mount

if TYPE_CHECKING:
    from collections.abc import Iterable


def tree(root: Path, names: Iterable[str], text: str = "listen = *\n") -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def found(discovery: Discovery) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(host.host.root, host.dovecot, host.postfix) for host in discovery.hosts]


USUAL = ("etc/dovecot/dovecot.conf", "etc/dovecot/conf.d/10-ssl.conf", "etc/postfix/main.cf", "etc/postfix/master.cf")
BOTH = (("/etc/dovecot/dovecot.conf",), ("/etc/postfix",))


@pytest.mark.parametrize("path", ["", "etc"])
def test_a_host_is_found_from_its_root_and_its_etc(tmp_path: Path, path: str) -> None:
    tree(tmp_path, USUAL)
    assert found(discover([str(tmp_path / path)])) == [(str(tmp_path), *BOTH)]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("etc/dovecot", (BOTH[0], ())),
        ("etc/dovecot/dovecot.conf", (BOTH[0], ())),
        ("etc/postfix", ((), BOTH[1])),
        ("etc/postfix/main.cf", ((), BOTH[1])),
        ("etc/postfix/master.cf", ((), BOTH[1])),
    ],
)
def test_a_part_of_a_host_has_the_same_root(tmp_path: Path, path: str, names: tuple[tuple[str, ...], ...]) -> None:
    tree(tmp_path, USUAL)
    assert found(discover([str(tmp_path / path)])) == [(str(tmp_path), *names)]


def test_relative_paths_stay_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, [f"repository/{name}" for name in USUAL])
    monkeypatch.chdir(tmp_path)
    (host,) = discover(["repository/etc"]).hosts
    assert host.host.path(host.dovecot[0]) == "repository/etc/dovecot/dovecot.conf"
    monkeypatch.chdir(tmp_path / "repository")
    (host,) = discover(["."]).hosts
    assert host.host.path(host.dovecot[0]) == "etc/dovecot/dovecot.conf"
    monkeypatch.chdir(tmp_path / "repository/etc/dovecot")
    (host,) = discover(["dovecot.conf"]).hosts
    assert Path(host.host.path(host.dovecot[0])).samefile("dovecot.conf")
    assert host.dovecot == BOTH[0]


def test_several_paths_of_one_host_are_one_host(tmp_path: Path) -> None:
    tree(tmp_path, USUAL)
    paths = [str(tmp_path / name) for name in ("etc/dovecot", "etc/postfix", "etc", "etc/postfix/main.cf")]
    assert found(discover(paths)) == [(str(tmp_path), *BOTH)]


def test_several_hosts(tmp_path: Path) -> None:
    tree(tmp_path, [f"{host}/{name}" for host in ("a", "b") for name in USUAL])
    expected = [(str(tmp_path / "a"), *BOTH), (str(tmp_path / "b"), *BOTH)]
    assert found(discover([str(tmp_path)])) == expected
    assert found(discover([str(tmp_path / "a"), str(tmp_path / "b/etc")])) == expected


@pytest.mark.parametrize("prefix", ["usr/local", "usr/pkg", "opt/local"])
def test_a_package_prefix_is_below_the_root(tmp_path: Path, prefix: str) -> None:
    tree(tmp_path, [f"{prefix}/etc/dovecot/dovecot.conf", "etc/passwd"])
    expected = [(str(tmp_path), (f"/{prefix}/etc/dovecot/dovecot.conf",), ())]
    assert found(discover([str(tmp_path / prefix / "etc")])) == expected
    assert found(discover([str(tmp_path)])) == expected


def test_the_root_option_decides(tmp_path: Path) -> None:
    tree(tmp_path, ["data/mail/etc/dovecot/dovecot.conf", "other/dovecot.conf"])
    discovery = discover([str(tmp_path / "data/mail/etc"), str(tmp_path / "other")], root=str(tmp_path / "data"))
    assert found(discovery) == [(str(tmp_path / "data"), ("/mail/etc/dovecot/dovecot.conf",), ())]
    assert [one.path for one in discovery.unusable] == [str(tmp_path / "other")]


def test_without_etc_the_folders_stand_for_the_usual_ones(tmp_path: Path) -> None:
    tree(tmp_path, ["role/dovecot/dovecot.conf", "role/postfix/main.cf", "flat/dovecot.conf", "flat/main.cf"])
    (role,) = discover([str(tmp_path / "role")]).hosts
    assert role.host.mounts == (
        Mount("/etc/dovecot", str(tmp_path / "role/dovecot")),
        Mount("/etc/postfix", str(tmp_path / "role/postfix")),
    )
    assert (role.dovecot, role.postfix) == BOTH
    (flat,) = discover([str(tmp_path / "flat")]).hosts
    assert (flat.dovecot, flat.postfix) == BOTH
    assert {mount.folder for mount in flat.host.mounts} == {str(tmp_path / "flat")}


def test_a_main_file_of_another_name(tmp_path: Path) -> None:
    tree(tmp_path, ["x/dovecot-proxy.conf"])
    (host,) = discover([str(tmp_path / "x/dovecot-proxy.conf")]).hosts
    assert host.dovecot == ("/etc/dovecot/dovecot-proxy.conf",)


def test_further_instances_and_backups(tmp_path: Path) -> None:
    names = [
        "postfix/main.cf",
        "postfix-out/main.cf",
        "postfix.bak/main.cf",
        "postfix-old/main.cf",
        "postfix/save/main.cf",
    ]
    tree(tmp_path, [f"etc/{name}" for name in (*names, "dovecot/old/dovecot.conf", "dovecot/dovecot.conf")])
    tree(tmp_path, ["etc/ansible/files/dovecot/dovecot.conf", "etc/ansible/files/postfix/main.cf"])
    expected = [(str(tmp_path), ("/etc/dovecot/dovecot.conf",), ("/etc/postfix", "/etc/postfix-out"))]
    assert found(discover([str(tmp_path / "etc")])) == expected


def test_elsewhere_in_etc_counts_where_the_usual_place_is_empty(tmp_path: Path) -> None:
    tree(tmp_path, ["etc/mail/dovecot/dovecot.conf", "etc/postfix/main.cf"])
    assert found(discover([str(tmp_path / "etc")])) == [
        (str(tmp_path), ("/etc/mail/dovecot/dovecot.conf",), ("/etc/postfix",))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[Definition]\nfailregex = auth\n",
        "# rsyslog\nif $programname == 'dovecot' then /var/log/dovecot.log\n",
        "check process dovecot with pidfile /run/dovecot/master.pid\n",
        'description "Dovecot"\nexec dovecot\n',
    ],
)
def test_other_programs_files_called_dovecot_conf_are_not_dovecots(tmp_path: Path, text: str) -> None:
    tree(tmp_path, ["etc/fail2ban/filter.d/dovecot.conf"], text)
    assert discover([str(tmp_path)]).hosts == ()


def test_pieces_without_a_main_file_are_said_to_be_unchecked(tmp_path: Path) -> None:
    tree(tmp_path, ["etc/dovecot/conf.d/10-ssl.conf"])
    discovery = discover([str(tmp_path / "etc")])
    assert discovery.hosts == ()
    (entry,) = discovery.not_checked
    assert entry.what == str(tmp_path / "etc/dovecot")
    assert "no dovecot.conf" in entry.why


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("nope", "no such file"),
        ("a\0b", "not a path"),
        ("fifo", "neither"),
        ("note.txt", "is not a dovecot.conf"),
        ("", "no such"),
    ],
)
def test_unusable_paths_are_named_and_the_others_audited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, why: str
) -> None:
    tree(tmp_path, USUAL)
    monkeypatch.chdir(tmp_path)
    os.mkfifo("fifo")
    Path("note.txt").write_text("")
    discovery = discover([path, "etc"])
    assert [host.dovecot for host in discovery.hosts] == [BOTH[0]]
    (unusable,) = discovery.unusable
    assert unusable.path == path
    assert why in unusable.why


def test_the_walk_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, ["a/dovecot/dovecot.conf", "a/.git/dovecot/dovecot.conf", "/".join("x" * 30) + "/dovecot.conf"])
    (tmp_path / "a/loop").symlink_to("..")
    (tmp_path / "a/dovecot/loop").symlink_to("../dovecot")
    (tmp_path / "postfix").symlink_to("postfix")
    assert [host.dovecot for host in discover([str(tmp_path)]).hosts] == [BOTH[0]]
    monkeypatch.setattr(instances, "MAX_ENTRIES", 2)
    (entry,) = discover([str(tmp_path)]).not_checked
    assert "entries" in entry.why


def test_a_linked_folder_is_one_instance(tmp_path: Path) -> None:
    tree(tmp_path, ["etc/postfix-real/main.cf", "srv/postfix/main.cf"])
    (tmp_path / "etc/postfix").symlink_to("postfix-real")
    (tmp_path / "etc/postfix-srv").symlink_to("/srv/postfix")
    (host,) = discover([str(tmp_path / "etc")]).hosts
    assert host.postfix == ("/etc/postfix",)


@pytest.mark.parametrize(
    ("git", "forced", "known"),
    [
        (None, None, True),
        (".git", None, False),
        ("etc/.git", None, False),
        ("etc/dovecot/.git", None, False),
        (".git", True, True),
        (None, False, False),
    ],
)
def test_modes_mean_nothing_in_a_git_working_tree(
    tmp_path: Path, git: str | None, forced: bool | None, known: bool
) -> None:
    tree(tmp_path, ["etc/dovecot/dovecot.conf", "loose/dovecot/dovecot.conf"])
    if git:
        (tmp_path / git).mkdir()
    (host,) = discover([str(tmp_path / "etc")], modes=forced).hosts
    assert host.host.modes_known is known
    if git in (None, ".git"):
        (host,) = discover([str(tmp_path / "loose")], modes=forced).hosts
        assert host.host.modes_known is known


def test_modes_of_the_live_root_count_even_under_etckeeper(monkeypatch: pytest.MonkeyPatch) -> None:
    from auditor import discover as module

    monkeypatch.setattr(module, "git_root", lambda _: "/")
    assert module._modes_known([instances.Instance(instances.Product.DOVECOT, "/etc/dovecot", "x")], None, live=True)
