"""Dovecot and Postfix in a cage, with the configuration of a case.

The case's own tree is what runs, on the ports that it names. Added to it, behind its text, is only what a daemon needs
to run and to be asked here: where it logs and keeps mail, no delay after failed logins, and for Postfix the services of
master.cf that a case leaves out, and transports that throw mail away.
"""

from __future__ import annotations

import os
import re
import shutil
from functools import cached_property
from typing import TYPE_CHECKING, Final

from cage import ADDRESSES
from clients import Door

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cage import Cage

    Preparation = Callable[[Cage], None]

_PROTOCOLS: Final = {143: "imap", 993: "imap", 110: "pop3", 995: "pop3"}
_WRAPPED: Final = (465, 993, 995)
_DOVECOT: Final = {
    "2.3": """
log_path = /var/log/dovecot.log
auth_failure_delay = 0
mail_location = maildir:/var/mail/live/%u
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
""",
    "2.4": """
log_path = /var/log/dovecot.log
auth_failure_delay = 0
mail_driver = maildir
mail_path = /var/mail/live/%{user}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
""",
}
_CERTIFICATES_LOG_IN: Final = {
    "2.3": """
auth_mechanisms = plain external
auth_ssl_username_from_cert = yes
ssl_cert_username_field = emailAddress
protocol imap {
  passdb {
    driver = static
    args = nopassword
    mechanisms = external
  }
  userdb {
    driver = static
    args = uid=1000 gid=1000 allow_all_users=yes
  }
}
""",
    "2.4": """
auth_mechanisms = plain external
auth_ssl_username_from_cert = yes
ssl_server_cert_username_field = emailAddress
protocol imap {
  passdb live {
    driver = static
    mechanisms_filter = external
    fields {
      nopassword = yes
    }
  }
  userdb live {
    driver = static
    fields {
      uid = 1000
      gid = 1000
    }
    static_allow_all_users = yes
  }
}
""",
}
"""Lets everybody in who comes with a certificate that Dovecot takes for valid, to see which those are."""
AUTH_ALONE: Final = {
    "2.3": """
protocols =
auth_mechanisms = plain login
ssl = no
passdb {
  driver = passwd-file
  args = scheme=PLAIN /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=1000 gid=1000 home=/tmp
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0666
  }
}
""",
    "2.4": """dovecot_config_version = 2.4.1
dovecot_storage_version = 2.4.1
protocols =
auth_mechanisms = plain login
ssl = no
passdb passwd-file {
  passwd_file_path = /etc/dovecot/users
  default_password_scheme = PLAIN
}
userdb static {
  fields {
    uid = 1000
    gid = 1000
    home = /tmp
  }
}
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0666
  }
}
""",
}
"""Dovecot as Postfix's SASL server, with users in /etc/dovecot/users and their passwords in plain text."""
_POSTFIX: Final = """
maillog_file = /var/log/postfix.log
local_recipient_maps =
default_transport = discard
relay_transport = discard
local_transport = discard
smtpd_delay_open_until_valid_rcpt = no
"""
_SERVICES: Final = """\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
_START: Final = """
cd /var/spool/postfix
mkdir -p active bounce corrupt defer deferred flush hold incoming private saved maildrop public pid
chown postfix active bounce corrupt defer deferred flush hold incoming private saved
chmod 700 active bounce corrupt defer deferred flush hold incoming private saved
chown postfix:postdrop maildrop public
chmod 730 maildrop
chmod 710 public
mkdir -p /var/lib/postfix
chown postfix /var/lib/postfix
sed -n 's/.*smtpd_tls_CApath *= *//p' /etc/postfix/*.cf | while read folder; do cp -rL --parents "$folder" .; done
/usr/lib/postfix/sbin/master &
while sleep 0.05 && kill -0 $!; do [ -S public/postlog ] && exit 0; done
wait $!
"""
"""The queue's folders as postfix-files has them; folders of CAs, which smtpd opens inside its chroot
and Debian copies there before each start; and the master. It opens its sockets in the order of master.cf; postlog is
the last one."""
_POSTFIX_OWN_FILES: Final = ("dynamicmaps.cf*", "post-install", "postfix-files*", "postfix-script")
"""What Postfix's package keeps beside main.cf, for itself."""


class Server:
    """A daemon started with one configuration."""

    def __init__(self, cage: Cage) -> None:
        self.cage = cage
        self.refusal = ""
        """What the daemon said when it did not start."""

    @property
    def started(self) -> bool:
        return not self.refusal

    def _doors(self, *, loopback: bool) -> list[tuple[str, int]]:
        """Return address and port of each listener, an address to connect to in place of the wildcards."""
        found: dict[int, set[str]] = {}
        for address, port in self.cage.listeners():
            found.setdefault(port, set()).add({"0.0.0.0": ADDRESSES[0], "::": ADDRESSES[1]}.get(address, address))
        chosen = []
        for port, addresses in sorted(found.items()):
            outside = sorted(one for one in addresses if not one.startswith("127.") and one != "::1")
            inside = sorted(addresses.difference(outside)) if loopback else []
            chosen += [(one, port) for one in (outside or inside)[:1]]
        return chosen

    def _log(self, name: str) -> str:
        file = self.cage.root / "var/log" / name
        return file.read_text("utf-8", "replace") if file.exists() else ""


class Dovecot(Server):
    """A running Dovecot, or the reason why it does not run."""

    def __init__(
        self,
        cage: Cage,
        tree: Path,
        dialect: str,
        prepare: Preparation,
        *,
        certificates_log_in: bool,
        keeps_modes: bool = False,
    ) -> None:
        super().__init__(cage)
        _replace(cage, tree, "etc/dovecot")
        if not keeps_modes:
            _open_to_the_cage(cage)
        prepare(cage)
        main = cage.root / "etc/dovecot/dovecot.conf"
        self._text = main.read_text("utf-8", "surrogateescape")
        with main.open("a", encoding="utf-8") as file:
            file.write("\n" + _DOVECOT[dialect] + (_CERTIFICATES_LOG_IN[dialect] if certificates_log_in else ""))
        mail = cage.root / "var/mail/live"
        mail.mkdir(mode=0o777)
        mail.chmod(0o777)
        done = cage.run("dovecot", "-c", "/etc/dovecot/dovecot.conf")
        if done.returncode:
            self.refusal = done.stdout.strip() or f"status {done.returncode}"

    @cached_property
    def doors(self) -> list[Door]:
        """One door of each protocol for clients elsewhere, in clear text at first where there is such a one."""
        chosen: dict[str, Door] = {}
        for address, port in self._doors(loopback=False):
            if port in _PROTOCOLS:
                protocol = _PROTOCOLS[port]
                chosen.setdefault(protocol, Door(protocol, address, port, port in _WRAPPED))
        return list(chosen.values())

    @cached_property
    def named_doors(self) -> list[Door]:
        """The doors, each also by every server name that the configuration knows."""
        names = ["", *sorted(set(re.findall(r"(?m)^\s*local_name\s+(\S+)", self._text)))]
        return [door.asking_for(name) for door in self.doors for name in names]

    @property
    def log(self) -> str:
        return self._log("dovecot.log")

    @property
    def logged_in(self) -> set[str]:
        """The users whose mailboxes were opened, as the log says."""
        return set(re.findall(r"-login: Info: (?:Login|Logged in): user=<([^>]*)>", self.log))


class Postfix(Server):
    """A running Postfix, or the reason why it does not run."""

    def __init__(self, cage: Cage, tree: Path, prepare: Preparation) -> None:
        super().__init__(cage)
        _replace(cage, tree, "etc/postfix", keep=_POSTFIX_OWN_FILES)
        _open_to_the_cage(cage)
        prepare(cage)
        folder = cage.root / "etc/postfix"
        with (folder / "main.cf").open("a", encoding="utf-8") as file:
            file.write(f"\n{_POSTFIX}")
        # Postfix reads a main.cf again, and waits for it, that changed within the last second (seen with strace).
        os.utime(folder / "main.cf", (0, 0))
        rows = cage.run("postconf", "-M")
        if rows.returncode:
            # postfix-script asks postconf, too, and gives up.
            self.refusal = rows.stdout
            return
        present = {tuple(row.split()[:2]) for row in rows.stdout.splitlines()}
        with (folder / "master.cf").open("a", encoding="utf-8") as file:
            missing = (row for row in _SERVICES.splitlines() if tuple(row.split()[:2]) not in present)
            file.write("\n" + "\n".join(missing) + "\n")
        # postfix start would take three seconds for checks of files that no case touches.
        done = cage.run("sh", "-c", _START)
        if done.returncode:
            self.refusal = (done.stdout + self.log).strip() or f"status {done.returncode}"

    @cached_property
    def doors(self) -> list[Door]:
        """A door of each port, on loopback only where there is no other."""
        found = [one for one in self._doors(loopback=True) if one[1] not in _PROTOCOLS]
        return [Door("smtp", address, port, port in _WRAPPED) for address, port in found]

    @cached_property
    def named_doors(self) -> list[Door]:
        """The doors, each also by every server name in the SNI map."""
        maps = self.cage.root.glob("etc/postfix/sni")
        names = [line.split()[0] for file in maps for line in file.read_text().splitlines()]
        return [door.asking_for(name) for door in self.doors for name in ["", *names]]

    def parameter(self, door: Door, name: str) -> str:
        """Return the value of a parameter for the service behind a door, as postconf(1) sees it."""
        words = {25: "smtp", 465: "submissions", 587: "submission"}
        names = {str(door.port), words.get(door.port, ""), "smtps" if door.port == 465 else ""}
        for line in self.cage.run("postconf", "-P").stdout.splitlines():
            key, _, value = line.partition(" = ")
            service, _, parameter = key.rpartition("/inet/")
            if parameter == name and service.rpartition(":")[2] in names:
                return value.strip()
        said = self.cage.run("postconf", "-xh", name).stdout.splitlines()
        return next((line for line in said if ": warning: " not in line), "")

    @property
    def log(self) -> str:
        return self._log("postfix.log")


def _replace(cage: Cage, tree: Path, folder: str, keep: tuple[str, ...] = ()) -> None:
    """Put the case's etc over the cage's; of the daemon's own folder nothing else remains but the files to keep."""
    for path in (cage.root / folder).iterdir():
        if not any(path.match(pattern) for pattern in keep):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in sorted((tree / "etc").iterdir()):
        # The chroot's accounts are those that the daemons run under.
        if path.name in ("passwd", "group"):
            continue
        target = cage.root / "etc" / path.name
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, target, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(path, target, follow_symlinks=False)
    for path in (tree / "etc").rglob("*"):
        target = cage.root / path.relative_to(tree)
        if os.path.lexists(target):
            os.lchown(target, path.lstat().st_uid, path.lstat().st_gid)


def _open_to_the_cage(cage: Cage) -> None:
    """Let the users that read passwords in the cage, which are its own, do so, whoever may in the case."""
    for file in (cage.root / "etc/dovecot").rglob("*"):
        if file.is_file() and not file.is_symlink() and b"PRIVATE KEY-----" not in file.read_bytes():
            file.chmod(file.stat().st_mode | 0o044)
