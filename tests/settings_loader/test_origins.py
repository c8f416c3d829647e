"""Lines of keys in a TOML text."""

from __future__ import annotations

from anthropic_audit.settings_loader.origins import Place, key_lines, leaves, line_of, write_place

TOML = '''# a comment
archive = "x"  # another

[[feeds]]
"name" = "a"
tags = [
  "one",
  "interval = 3",
]
note = """
url = "not a key"
"""
sub.deep = 1

[[feeds]] # second
name = 'b'
[table.below]
key = true
'''


def test_keys_are_found_on_their_lines() -> None:
    assert key_lines(TOML) == {
        ("archive",): 2,
        ("feeds", 0): 4,
        ("feeds", 0, "name"): 5,
        ("feeds", 0, "tags"): 6,
        ("feeds", 0, "note"): 10,
        ("feeds", 0, "sub", "deep"): 13,
        ("feeds", 1): 15,
        ("feeds", 1, "name"): 16,
        ("table", "below"): 17,
        ("table", "below", "key"): 18,
    }


def test_a_place_that_has_no_line_takes_that_of_what_is_around_it() -> None:
    lines: dict[Place, int] = {("feeds",): 3}

    assert line_of(("feeds", 0, "name"), lines) == 3
    assert line_of(("archive",), lines) is None


def test_places_are_written_as_people_read_them() -> None:
    assert write_place(("feeds", 0, "interval")) == "feeds[0].interval"


def test_lists_of_tables_are_walked_into_and_other_lists_are_values() -> None:
    tree = {"a": 1, "feeds": [{"tags": ["x"]}, {"deep": {"er": 2}}], "none": []}

    assert dict(leaves(tree)) == {
        ("a",): 1,
        ("feeds", 0, "tags"): ["x"],
        ("feeds", 1, "deep", "er"): 2,
        ("none",): [],
    }
