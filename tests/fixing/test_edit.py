"""Edits of texts, and by what numbers lines go afterwards."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from auditor.fixing.edit import Edit, edited, kept, lines_of
from auditor.text import SourceFile


def edits_of(text: str, *edits: tuple[int, int, str]) -> list[Edit]:
    file = SourceFile("/f", "f", text)
    return [Edit(file.span(start, end), by) for start, end, by in edits]


def test_edits_are_made_at_once() -> None:
    new = edited("abcdef", edits_of("abcdef", (4, 6, "X"), (1, 2, ""), (3, 3, "YZ")))
    assert new.text == "acYZdX"
    assert new.old == ((1, 2), (3, 3), (4, 6))
    assert new.new == ((1, 1), (2, 4), (5, 6))


def test_the_same_edit_is_made_once() -> None:
    assert edited("ab", edits_of("ab", (1, 1, "x"), (1, 1, "x"))).text == "axb"


def test_edits_at_one_place_come_in_their_order() -> None:
    assert edited("ab", edits_of("ab", (1, 1, "x"), (1, 1, "y"))).text == "axyb"


def test_which_edits_collide() -> None:
    one, two, inside, before, other = edits_of("abcdef", (1, 3, "x"), (2, 4, ""), (2, 2, "y"), (1, 1, "z"), (1, 3, "w"))
    assert one.collides(two)
    assert one.collides(inside)
    assert one.collides(other)
    assert not one.collides(before)
    assert not one.collides(one)


def test_lines_keep_their_numbers() -> None:
    text = "a\nb\nc\nd"
    new = edited(text, edits_of(text, (2, 4, ""), (4, 5, "C"), (6, 6, "new\n")))
    assert new.text == "a\nC\nnew\nd"
    assert kept(range(4), text, new) == [0, -2, -3, 3]


@given(st.text("ab\n", max_size=30), st.lists(st.integers(0, 30), max_size=6), st.text("ab\n", max_size=3))
def test_a_line_that_keeps_its_number_is_the_same(text: str, places: list[int], by: str) -> None:
    spots = sorted({min(place, len(text)) for place in places})
    new = edited(text, edits_of(text, *((start, end, by) for start, end in list(pairwise(spots))[::2])))
    numbers = kept(range(len(lines_of(text))), text, new)
    assert "".join(lines_of(new.text)) == new.text
    assert len(numbers) == len(lines_of(new.text))
    found = [(number, line) for number, line in zip(numbers, lines_of(new.text), strict=True) if number >= 0]
    assert all(lines_of(text)[number] == line for number, line in found)
    assert [number for number, _ in found] == sorted({number for number, _ in found})
