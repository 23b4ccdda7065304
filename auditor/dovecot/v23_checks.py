"""What Dovecot 2.2 and 2.3 check when all lines are read, once for each filter.

Follows ``config_all_parsers_check`` in src/config/config-parser.c and the functions ``…_settings_check`` and
``…_settings_verify`` in src/**/*-settings.c as doveconf compiles them (2.3.19.1). Not followed: what depends on the
host (whether ``default_login_user`` exists, whether ``mail_plugin_dir`` can be read) and the syntax of event filters.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from auditor.dovecot.v23_blocks import Layer, merged
from auditor.dovecot.v23_check_mail import check_mail, check_namespaces
from auditor.dovecot.v23_check_services import check_services
from auditor.dovecot.v23_check_stats import check_exporter, check_metric
from auditor.dovecot.v23_view import View, words_of
from auditor.finding import Problem, ProblemKind
from auditor.text import escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from auditor.dovecot.v23_filters import Filter
    from auditor.dovecot.v23_table import Table
    from auditor.text import SourceFile, Span

MAX_COMPARED: Final = 2_000
"""Filters with wildcards or networks that are compared with all others."""
_WORDS: Final = {
    "imap_client_workarounds": ("delay-newmail", "tb-extra-mailbox-sep", "tb-lsub-flags"),
    "pop3_client_workarounds": ("outlook-no-nuls", "oe-ns-eoh"),
    "lmtp_client_workarounds": ("whitespace-before-path", "mailbox-for-path"),
    "submission_client_workarounds": (
        "whitespace-before-path",
        "mailbox-for-path",
        "implicit-auth-external",
        "exotic-backend",
    ),
    "managesieve_client_workarounds": (),
    "imapc_features": (
        *(
            "rfc822.size",
            "guid-forced",
            "fetch-headers",
            "gmail-migration",
            "search",
            "zimbra-workarounds",
            "no-examine",
        ),
        *(
            "proxyauth",
            "fetch-msn-workarounds",
            "fetch-fix-broken-mails",
            "modseq",
            "delay-login",
            "fetch-bodystructure",
        ),
        *("send-id", "fetch-empty-is-expunged", "no-msn-updates", "acl"),
    ),
    "pop3c_features": ("no-pipelining",),
    "dsync_features": ("empty-header-workaround",),
}
"""Words that a list may hold: the feature and workaround lists in the settings files of each module."""
_SYSLOG_FACILITIES: Final = frozenset(
    (
        *("auth", "authpriv", "cron", "daemon", "ftp", "kern", "lpr", "mail", "news", "syslog", "user", "uucp"),
        *(f"local{number}" for number in range(8)),
    )
)
_DIGESTS: Final = {
    "md4": 128,
    "md5": 128,
    "sha1": 160,
    "sha256": 256,
    "sha384": 384,
    "sha512": 512,
    "sha3-256": 256,
    "sha3-512": 512,
}
"""Bits of the digests of src/lib/hash-method.c."""


def check(layers: list[Layer], table: Table, main: SourceFile) -> list[Problem]:
    """Return what the daemon refuses about the configuration as a whole."""
    found: dict[tuple[str, Span], Problem] = {}
    candidates = _Candidates(layers)
    for layer in layers:
        if layer is not layers[0] and not layer.root.values and not layer.root.blocks and not layer.root.entries:
            continue
        root, conflict = merged(candidates.of(layer.filter), layer.filter)
        view = View(table, root, main)
        if conflict and conflict.value.origin.span:
            problem = Problem(ProblemKind.INVALID_VALUE, escaped(conflict.message), conflict.value.origin.span)
            found.setdefault((problem.message, problem.span), problem)
        for problem in _checked(view):
            found.setdefault((problem.message, problem.span), problem)
    return list(found.values())


class _Candidates:
    """Finds the filters that may match one, without trying all of very many."""

    def __init__(self, layers: list[Layer]) -> None:
        self.rest: list[Layer] = []
        self.by_name: dict[str, list[Layer]] = defaultdict(list)
        self.by_address: dict[str, list[Layer]] = defaultdict(list)
        self.order = {id(layer): index for index, layer in enumerate(layers)}
        for layer in layers:
            mask = layer.filter
            if mask.local_name is not None and not re.search(r"[*? ]", mask.local_name):
                self.by_name[mask.local_name.lower()].append(layer)
            elif mask.local and mask.local.address and mask.local.bits == mask.local.address.max_prefixlen:
                self.by_address[str(mask.local.address)].append(layer)
            elif len(self.rest) < MAX_COMPARED:
                self.rest.append(layer)

    def of(self, wanted: Filter) -> list[Layer]:
        """Return the filters that may match, in their order."""
        found = list(self.rest)
        if wanted.local_name is not None:
            found += self.by_name.get(wanted.local_name.lower(), [])
        if wanted.local and wanted.local.address:
            found += self.by_address.get(str(wanted.local.address), [])
        return sorted(found, key=lambda layer: self.order[id(layer)])


def _checked(view: View) -> Iterator[Problem]:
    yield from _check_log(view)
    yield from _check_ssl(view)
    yield from _check_auth(view)
    yield from _check_words(view)
    yield from check_mail(view)
    yield from check_services(view)
    yield from check_namespaces(view)
    yield from _check_stats(view)


def _check_log(view: View) -> Iterator[Problem]:
    """``master_service_settings_check``."""
    facility = view.text("syslog_facility")
    if facility not in _SYSLOG_FACILITIES:
        yield view.problem(f"Unknown syslog_facility: {facility}", None, "syslog_facility")


def _check_ssl(view: View) -> Iterator[Problem]:
    """``master_service_ssl_settings_check``."""
    if view.text("ssl") == "no":
        return
    if view.text("ssl_verify_client_cert") == "yes" and not view.text("ssl_ca"):
        yield view.problem("ssl_verify_client_cert set, but ssl_ca not", None, "ssl_verify_client_cert")
    for flag in words_of(view.text("ssl_options")):
        if flag.lower() not in ("compression", "no_compression", "no_ticket"):
            yield view.problem(f"ssl_options: unknown flag: '{flag}'", None, "ssl_options")


def _check_auth(view: View) -> Iterator[Problem]:
    """``auth_settings_check`` and the checks of passdb and userdb."""
    if not view.number("auth_worker_max_count"):
        yield view.problem("auth_worker_max_count must be above zero", None, "auth_worker_max_count")
    size = re.fullmatch(r"(\d+) B", view.text("auth_cache_size"))
    if size and int(size[1]) < 1024:
        yield view.problem(f"auth_cache_size value is too small ({size[1]} bytes)", None, "auth_cache_size")
    kind, colon, length = view.text("auth_verbose_passwords").partition(":")
    if colon and not re.fullmatch(r"0*[1-9]\d{0,9}", length):
        message = f"auth_verbose_passwords: Invalid truncation number: '{length}'"
        yield view.problem(message, None, "auth_verbose_passwords")
    elif kind not in ("no", "plain", "sha1", "yes"):
        yield view.problem("auth_verbose_passwords: Invalid value", None, "auth_verbose_passwords")
    if view.text("auth_policy_server_url"):
        yield from _check_policy(view)
    for kind in ("passdb", "userdb"):
        for block in view.root.blocks.get(kind, []):
            if not view.text("driver", block):
                yield view.problem(f"{kind} is missing driver", block, "driver")
            elif view.text("pass", block) == "yes" and view.text("result_success", block) != "return-ok":
                message = "Obsolete pass=yes setting mixed with non-default result_success"
                yield view.problem(message, block, "pass")


def _check_policy(view: View) -> Iterator[Problem]:
    if not view.text("auth_policy_hash_nonce"):
        message = "auth_policy_hash_nonce must be set when policy server is used"
        yield view.problem(message, None, "auth_policy_hash_nonce", "auth_policy_server_url")
        return
    bits = _DIGESTS.get(view.text("auth_policy_hash_mech"))
    truncate = view.number("auth_policy_hash_truncate")
    if bits is None:
        yield view.problem("invalid auth_policy_hash_mech given", None, "auth_policy_hash_mech")
    elif truncate >= bits:
        message = f"policy_hash_truncate is not smaller than digest size ({truncate} >= {bits})"
        yield view.problem(message, None, "auth_policy_hash_truncate")


def _check_words(view: View) -> Iterator[Problem]:
    """Look at the lists of workarounds and features."""
    for key, known in _WORDS.items():
        for word in words_of(view.text(key)):
            if word.lower() in known:
                continue
            if key == "imapc_features" and word.lower().startswith("throttle:"):
                if not re.fullmatch(r"\d{1,9}:\d{1,9}:\d{1,9}", word[9:]):
                    yield view.problem("imapc_features: Invalid throttle settings", None, key)
                continue
            what = "workaround" if key.endswith("workarounds") else "feature"
            yield view.problem(f"{key}: Unknown {what}: {word}", None, key)


def _check_stats(view: View) -> Iterator[Problem]:
    """``stats_settings_check`` and the checks of metric and event_exporter."""
    exporters = view.root.blocks.get("event_exporter", [])
    metrics = view.root.blocks.get("metric", [])
    for metric in metrics:
        name = view.text("exporter", metric)
        if name and exporters and name not in [exporter.name for exporter in exporters]:
            message = f"metric {metric.name} refers to non-existent exporter '{name}'"
            yield view.problem(message, metric, "exporter")
    for block in metrics:
        for message, key in check_metric(block.name, view.text("filter", block), view.text("group_by", block)):
            yield view.problem(message, block, key)
    for block in exporters:
        texts = [view.text(key, block) for key in ("format", "transport", "format_args")]
        for message, key in check_exporter(block.name, *texts):
            yield view.problem(message, block, key)
