"""What the rules of this house say of small configurations."""

from house_rules.relayhost_not_ours import RelayhostNotOurs

from auditor.testing import check_documentation, run

MASTER = "smtp unix - - y - - smtp\n"


def relayed(main: str) -> tuple[str, ...]:
    files = {"etc/postfix/main.cf": f"compatibility_level = 3.6\n{main}", "etc/postfix/master.cf": MASTER}
    return run(RelayhostNotOurs, files).places


def test_another_relay_is_found() -> None:
    assert relayed("relayhost = [mx.example.net]\n") == ("etc/postfix/main.cf:2",)


def test_no_relay_is_found() -> None:
    assert len(relayed("")) == 1


def test_our_relay_is_fine() -> None:
    assert relayed("relayhost = [relay.example.org]:587\n") == ()


def test_the_rule_is_documented() -> None:
    check_documentation(RelayhostNotOurs)
