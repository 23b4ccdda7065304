"""Writes auditor/data/public-roots.json from installed CA bundles of the Mozilla programme.

Usage: python tools/make_public_roots.py "ca-certificates 20250419 (Debian 12)" ROOT/etc/ssl/certs/ca-certificates.crt …
with a description and a bundle in turn. Roots of all of them are kept: one that was withdrawn is no CA of one's own.
"""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from auditor.files.certificates import read_certificates  # noqa: E402 (behind the path)
from auditor.files.pem import parse_pem  # noqa: E402

TARGET = REPOSITORY / "auditor" / "data" / "public-roots.json"


def main(arguments: list[str]) -> None:
    """Write the roots of every bundle, sorted by name."""
    roots: dict[str, tuple[str, str]] = {}
    sources = arguments[::2]
    for bundle in arguments[1::2]:
        certificates, refused = read_certificates(parse_pem(Path(bundle).read_bytes()).certificates)
        if refused:
            raise SystemExit(f"{bundle}: {len(refused)} certificates cannot be read")
        for one in certificates:
            key_id = one.key_id.hex() if one.key_id else ""
            roots[sha256(one.public_key_info).hexdigest()] = (one.subject, key_id)
    rows = sorted((name, fingerprint, key_id) for fingerprint, (name, key_id) in roots.items())
    text = {
        "what": "name, SHA-256 of the SubjectPublicKeyInfo, and subjectKeyIdentifier of each root",
        "sources": sources,
        "roots": rows,
    }
    lines = json.dumps(text, ensure_ascii=False).replace("[[", "[\n[").replace("], [", "],\n[").replace("]]", "]\n]")
    TARGET.write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
