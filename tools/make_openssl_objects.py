"""Write auditor/data/openssl-objects.json: the names and OIDs that OpenSSL's OBJ_txt2nid knows.

The names are those of ``openssl list -objects``, asked in each Debian chroot that tests/oracle uses (ORACLES, or the
cache folder that it makes them in); the file holds the union, so that a name of any of these versions is known. Needs
root for chroot.

``OBJ_txt2nid`` takes a short name, a long name or a dotted OID of its table, in exactly this letter case
(crypto/objects/obj_dat.c, OBJ_txt2obj and OBJ_obj2nid); an OID that is not in the table is as unknown as a wrong name.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "auditor/data/openssl-objects.json"
CHROOTS = Path(os.environ.get("ORACLES", "/var/cache/mailaudit-oracles"))
WITHOUT_OID = "# None-OID object: "
OID = re.compile(r"[0-9]+(?:\.[0-9]+)+\.?")
CUT = "."
"""The end of an OID that openssl prints without its last digit, as it does for those of DSTU 4145."""
UNDEFINED = {"UNDEF", "undefined"}
"""The two names of NID_undef, which is what OBJ_txt2nid answers for a name that it does not know."""


def openssl(chroot: Path, *arguments: str) -> str:
    """Return what the openssl of a chroot prints."""
    command = ["/usr/sbin/chroot", str(chroot), "openssl", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def objects(listing: str) -> tuple[set[str], set[str]]:
    """Return the names and the OIDs of a listing.

    Its lines are ``short = long, oid``, ``name = oid`` and ``# None-OID object: short, long``.
    """
    names: set[str] = set()
    oids: set[str] = set()
    for line in filter(None, listing.splitlines()):
        if line.startswith(WITHOUT_OID):
            names |= set(line.removeprefix(WITHOUT_OID).split(", "))
            continue
        short, _, rest = line.partition(" = ")
        long, _, oid = rest.rpartition(", ")
        if not OID.fullmatch(oid):
            sys.exit(f"not understood: {line}")
        names |= {short, long or short}
        if not oid.endswith(CUT):
            oids.add(oid)
    return names - UNDEFINED, oids


def main() -> None:
    """Ask every chroot and write the union."""
    chroots = sorted(path for path in CHROOTS.iterdir() if (path / "usr/bin/openssl").exists())
    versions: set[str] = set()
    names: set[str] = set()
    oids: set[str] = set()
    for chroot in chroots:
        versions.add(openssl(chroot, "version").split()[1])
        found = objects(openssl(chroot, "list", "-objects"))
        names |= found[0]
        oids |= found[1]
    data = {
        "source": "openssl list -objects of OpenSSL " + ", ".join(sorted(versions)),
        "names": sorted(names),
        "oids": sorted(oids, key=lambda oid: [int(part) for part in oid.split(".")]),
    }
    TARGET.write_text(json.dumps(data, ensure_ascii=False, indent=0) + "\n")


if __name__ == "__main__":
    main()
