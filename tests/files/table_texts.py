"""Lookup tables with every oddity of their languages, and the keys to ask them for."""

from __future__ import annotations

TEXTHASH = """ leading x
Key1 value one
key1 second
  continued
"quoted key" v
KEY2:\tval2
nokeyvalue
dup a
\t# indented comment

dup b
x   spaced  out  \r
a\\ b v
c"d e"f g
q\\"x y z
"a b c
"""
TEXTHASH_KEYS = [
    "leading", "key1", "KEY1", "quoted key", '"quoted key"', "key2:", "key2", "nokeyvalue", "dup", "x", "a\\ b", "a\\",
    'c"d e"f', 'q\\"x', 'q"x', '"a', '"a b c',
]  # fmt: skip
CIDR = """10.0.0.0/8 OK first
!192.168.0.0/16 notlan
if 192.168.1.0/24
192.168.1.5 five
endif
192.168.1.0/24 lan
1.2.3.4/24 bad
::/0 six
[fe80::1] br
"""
CIDR_IFS = """!10.0.0.0/8 notten
if !10.0.0.0/8
0.0.0.0/0 x
endif
10.0.0.0/8
10.1.2.3 host
300.1.1.1 bad
ENDIF
if 1.2.3.4
If 10.0.0.0/8
10.5.0.0/16  deep value
endif
"""
ADDRESSES = [
    "10.1.1.1", "192.168.1.5", "192.168.1.6", "8.8.8.8", "1.2.3.9", "::1", "2001:db8::1", "foo", "10.1.2.3", "1.2.3.4",
    "10.5.1.1", "fe80::1", "10.0.0", "", "010.1.1.1",
]  # fmt: skip
INLINE = [
    ("inline:{a=b, {c = d e}}", "c"), ("inline:{a=b, {c = d e}}", "C"), ("inline:{A=b}", "a"),
    ("inline:{a=1, a=2}", "a"), ("static:{hello world}", "x"), ("static:hello", "x"), ("static:a b", "x"),
    ("inline:{}", "x"),
    ("inline:{{a=b}}", "a"), ("inline:{ a=b c=d }", "c"), ("inline:{ {a b = c} }", "a b"), ("inline:a=b", "a"),
    ("inline:{a==b}", "a"), ("inline:{a= b}", "a"), ("cidr:{{10.0.0.0/8 OK}}", "10.1.1.1"),
    ("cidr:{10.0.0.0/8 ok}", "10.1.1.1"), ("cidr:{{if 10.0.0.0/8},{10.1.0.0/16 x},{endif}}", "10.1.1.1"),
]  # fmt: skip
REFUSED = {"inline:{}", "inline:{ {a b = c} }", "inline:a=b", "inline:{a= b}", "cidr:{10.0.0.0/8 ok}"}
