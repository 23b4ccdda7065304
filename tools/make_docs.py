"""Make the pages that the program itself knows: docs/rules, docs/options.md, the man page, the completions.

``python tools/make_docs.py`` writes them below docs/; tests/test_docs.py says when that was forgotten.
"""

from __future__ import annotations

import json
import sys
import textwrap
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

REPOSITORY: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from auditor import __version__, config  # noqa: E402 - it is the checkout's that is documented
from auditor.cli import SUBCOMMANDS, audit_command  # noqa: E402
from auditor.completion import script  # noqa: E402
from auditor.report.rules import proofs  # noqa: E402
from auditor.rule import SECTIONS, discover, documentation, rule_packages  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from auditor.rule import AnyRule

MADE: Final = "Made by `tools/make_docs.py`; do not edit."
CASES: Final = REPOSITORY / "tests/rules"
OUTCOMES: Final = REPOSITORY / "tests/fixing/outcomes.json"
REASONS: Final = REPOSITORY / "tests/fixing/unmended.toml"
NOT_PROPOSED: Final = "no fix is proposed"
"""What tests/fixing_cases.py calls a finding without a fix."""
SHELLS: Final = {"bash": "mailaudit.bash", "zsh": "_mailaudit", "fish": "mailaudit.fish"}
PRODUCTS: Final = {"dovecot": "Dovecot", "postfix": "Postfix", "both": "Dovecot and Postfix"}
STATUSES: Final = (
    ("0", "nothing at or above `--fail-on`"),
    ("1", "findings; with `--strict` also something that could not be checked"),
    ("2", "wrong usage or configuration, or a path that cannot be read"),
    ("3", "an error in mailaudit itself, or in a rule package"),
    ("4", "nothing to audit"),
    ("130", "interrupted"),
)
PLUGIN: Final = (
    "`--format nagios` has the statuses of a plug-in instead: 0 OK, 1 WARNING for findings of severity medium and low, "
    "2 CRITICAL for high and critical, 3 UNKNOWN where there is no audit, where something cannot be read, or with "
    "`--strict` where something could not be checked. `--fail-on` says from which severity on they count; "
    "`--exit-zero` changes nothing."
)


def pages() -> dict[str, str]:
    """Return the pages, by their paths below docs/."""
    taken = {rule for package in rule_packages() for rule in package.rules}
    rules = [rule for rule in discover() if rule not in taken]
    found = {f"rules/{rule.name}.md": "\n".join(_rule_page(rule)) + "\n" for rule in rules}
    found["rules/README.md"] = "\n".join(_index(rules)) + "\n"
    found["fixes.md"] = "\n".join(_fixes(rules)) + "\n"
    found["options.md"] = "\n".join(_options()) + "\n"
    found["mailaudit.1"] = "\n".join(_man_page()) + "\n"
    return found | {f"completions/{name}": script(audit_command, shell) for shell, name in SHELLS.items()}


def _index(rules: Iterable[type[AnyRule]]) -> Iterator[str]:
    yield f"# Rules\n\n{MADE}\n\n| rule | severity | about | |\n| --- | --- | --- | --- |"
    for rule in rules:
        off = " (off by default)" if rule.off_because else ""
        summary = documentation(rule)["Summary"].replace("|", "\\|")
        product = PRODUCTS[rule.product]
        yield f"| [{rule.name}]({rule.name}.md){off} | {rule.severity.value} | {product} | {summary} |"


def _rule_page(rule: type[AnyRule]) -> Iterator[str]:
    parts = documentation(rule)
    yield f"# {rule.name}\n\n{parts['Summary']}\n"
    facts = [f"severity {rule.severity.value}", f"confidence {rule.confidence.value}", PRODUCTS[rule.product]]
    facts += [f"versions {rule.versions}"] if rule.versions != "all" else []
    facts += [f"tags {', '.join(rule.tags)}"] if rule.tags else []
    yield f"*{'; '.join(facts)}.*"
    if rule.off_because:
        yield f"\nOff by default, `--select` turns it on: {rule.off_because}."
    for section in SECTIONS:
        yield f"\n## {section}\n\n{_sentence(parts[section])}"
    proved = proofs().get(rule.name, {})
    yield "\n## Proof\n"
    versions = "; ".join(f"{PRODUCTS[daemon]} {', '.join(known)}" for daemon, known in proved.items())
    if versions:
        yield f"What it says was seen on running daemons: {versions}.\n"
    yield from _cases(rule.name)
    yield f"\n{MADE}"


def _fixes(rules: Iterable[type[AnyRule]]) -> Iterator[str]:
    """Yield the page that says which rules mend what they find, counted in their bad cases."""
    outcomes: dict[str, dict[str, dict[str, list[str]]]] = json.loads(OUTCOMES.read_text("utf-8"))
    rows = [(rule.name, *_mended(rule.name, outcomes.get(rule.name, {}))) for rule in rules]
    safe = sum(bool(row[1]) for row in rows)
    consent = sum(bool(row[2]) and not row[1] for row in rows)
    yield f"# Fixes\n\n{MADE}\n"
    yield f"Of {len(rows)} rules {safe} have a safe fix, {consent} one that takes consent (`--unsafe-fixes`), and"
    yield f"{len(rows) - safe - consent} none. Counted are the findings of each rule in its own bad cases.\n"
    yield "| rule | safe | with consent | not mended | because |\n| --- | --- | --- | --- | --- |"
    for name, *numbers, why in rows:
        yield f"| [{name}](rules/{name}.md) | {' | '.join(str(number or '') for number in numbers)} | {why} |"


def _mended(rule: str, cases: dict[str, dict[str, list[str]]]) -> tuple[int, int, int, str]:
    """Return how many findings are mended safely, with consent, and not, and why those are not."""
    made = Counter(one for case in cases.values() for one in case["made"])
    left = [(f"{rule}/{name}", why) for name, case in cases.items() for why in case["left"]]
    whys = dict.fromkeys(_reason(case) if why == NOT_PROPOSED else why for case, why in left)
    return made["safe"], made["unsafe"], len(left), _cell("; ".join(whys))


def _reason(case: str) -> str:
    """Return why no fix is proposed in a case: by its rule, or by the beginning of its name."""
    known: dict[str, str] = tomllib.loads(REASONS.read_text("utf-8"))
    return next((known[name] for name in sorted(known, reverse=True) if f"{case}/".startswith(name)), NOT_PROPOSED)


def _sentence(text: str) -> str:
    """Return a text with a capital letter, unless it begins with a name such as ``ssl_ca``."""
    first = text.split()[0].rstrip(",;:.")
    return text[0].upper() + text[1:] if first.isalpha() else text


def _cases(name: str) -> Iterator[str]:
    folders = sorted(one for one in (CASES / name).glob("*") if one.is_dir())
    yield "Its cases, each of which the daemon loads unless it says otherwise:\n" if folders else "It has no cases."
    for folder in folders:
        facts = folder / "case.toml"
        known: dict[str, Any] = tomllib.loads(facts.read_text("utf-8")) if facts.exists() else {}
        said = ["found" if folder.name.startswith("bad") else "not found"]
        said += [f"at `{known['at']}`"] if "at" in known else []
        said += [f"as {known['severity']}"] if "severity" in known else []
        said += [f'with the words "{words}"' for words in known.get("text", [])]
        said += ["refused by the daemon"] if known.get("refused") else []
        yield f"- [{folder.name}](../../tests/rules/{name}/{folder.name}): {', '.join(said)}"


def _commands() -> Iterator[tuple[str, click.Command]]:
    yield "mailaudit", audit_command
    yield from ((f"mailaudit {name}", command) for name, command in SUBCOMMANDS.items())


def _records(command: click.Command) -> Iterator[tuple[str, str]]:
    """Yield the options of a command, each with its help."""
    context = click.Context(command)
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context) if isinstance(parameter, click.Option) else None
        if record:
            yield record


def _usage(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    return " ".join([name, *command.collect_usage_pieces(context)])


def _options() -> Iterator[str]:
    yield f"# Commands, options and configuration\n\n{MADE}\n"
    for name, command in _commands():
        yield f"## {name}\n\n```\n{_usage(name, command)}\n```\n"
        yield f"{textwrap.dedent(command.help or '').strip()}\n\n| option | |\n| --- | --- |"
        yield from (f"| `{option}` | {_cell(text)} |" for option, text in _records(command))
        yield ""
    yield "## Exit status\n\n| status | meaning |\n| --- | --- |"
    yield from (f"| {status} | {meaning} |" for status, meaning in STATUSES)
    yield f"\n{PLUGIN}\n"
    schema = config.schema()
    yield f"## mailaudit.toml\n\n{schema['description']}"
    yield "It is looked for in the folder of each PATH and in those above, up to the top of the git repository, or"
    yield "without one up to the folder that holds `etc`; the nearest counts.\n"
    yield "| key | value | |\n| --- | --- | --- |"
    yield from _keys(schema, "")
    yield "\nIts JSON Schema is `auditor/data/config.schema.json`, and that of the JSON report"
    yield "`auditor/data/report.schema.json`."


def _keys(table: dict[str, Any], prefix: str) -> Iterator[str]:
    for key, rules in table["properties"].items():
        name = prefix + key
        if "properties" in rules:
            yield from _keys(rules, f"{name}.")
            continue
        kind = (
            "a list of texts"
            if rules["type"] == "array"
            else {"object": "a severity for each rule"}.get(rules["type"], rules["type"])
        )
        if "enum" in rules:
            kind = ", ".join(f"`{json.dumps(one)}`" for one in rules["enum"])
        yield f"| `{name}` | {kind} | {_cell(rules['description'])} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _man_page() -> Iterator[str]:
    yield f'.TH MAILAUDIT 1 "" "mailaudit {__version__}" "User Commands"'
    yield ".SH NAME\nmailaudit \\- audit Dovecot and Postfix configurations\n.SH SYNOPSIS"
    for name, command in _commands():
        yield f".B {_roff(name)}\n{_roff(_usage(name, command).removeprefix(name).strip())}\n.br"
    for name, command in _commands():
        yield f".SH {_roff(name.upper())}\n{_roff_text(command.help or '')}"
        for option, text in _records(command):
            yield f".TP\n.B {_roff(option)}\n{_roff(_cell(text))}"
    yield ".SH EXIT STATUS"
    yield from (f".TP\n.B {status}\n{_roff(meaning)}" for status, meaning in STATUSES)
    yield f".PP\n{_roff(PLUGIN)}"
    yield ".SH FILES\n.TP\n.B mailaudit.toml\n" + _roff(config.schema()["description"])
    yield ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nNo colour, whatever it is set to, unless it is empty."


def _roff_text(text: str) -> str:
    return "\n.PP\n".join(_roff(_cell(part)) for part in textwrap.dedent(text).strip().split("\n\n"))


def _roff(text: str) -> str:
    """Return text that roff prints as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("'", "\\(aq")
    return f"\\&{text}" if text.startswith(".") else text


def main() -> None:
    """Write the pages, and remove those of rules that are gone."""
    docs = REPOSITORY / "docs"
    made = pages()
    for old in (docs / "rules").glob("*.md"):
        if f"rules/{old.name}" not in made:
            old.unlink()
    for name, text in made.items():
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
