"""Lines: on which line each key of a TOML file stands, whatever it looks like."""

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config.lines import Lines

TRICKY = '''\
# [shop] url = "a comment"
"a.b" = 1
[shop] # url = 2
url = "[whatsapp]"
text = """
[web]
key = 1
\\""" still inside """"
raw = \'\'\'
secret = "x" \'\'\'
"quoted key" = 1
 'single' = 2 # [here]
dotted . "k.e.y" . last = 3
list = [ # ]
  "]", [1,
  2], { a = "}", b = [
  "c" ] },
]
when = 1979-05-27 07:32:00
inline = {x = 1, y.z = "=,}"}

[ campaigns . "we_miss_you" ]
on=true
[campaigns]
priority = []
[[tiers]]
a = 1
  [[tiers.below]]
  b = 1
[[tiers]]
[tiers.below]
c = 1'''


def test_nothing_that_looks_like_a_key_is_taken_for_one() -> None:
    assert Lines(TRICKY).found == {
        ("a.b",): 2,
        ("shop",): 3,
        ("shop", "url"): 4,
        ("shop", "text"): 5,
        ("shop", "raw"): 9,
        ("shop", "quoted key"): 11,
        ("shop", "single"): 12,
        ("shop", "dotted"): 13,
        ("shop", "dotted", "k.e.y"): 13,
        ("shop", "dotted", "k.e.y", "last"): 13,
        ("shop", "list"): 14,
        ("shop", "list", 0): 15,
        ("shop", "list", 1): 15,
        ("shop", "list", 1, 0): 15,
        ("shop", "list", 1, 1): 16,
        ("shop", "list", 2): 16,
        ("shop", "list", 2, "a"): 16,
        ("shop", "list", 2, "b"): 16,
        ("shop", "list", 2, "b", 0): 17,
        ("shop", "when"): 19,
        ("shop", "inline"): 20,
        ("shop", "inline", "x"): 20,
        ("shop", "inline", "y"): 20,
        ("shop", "inline", "y", "z"): 20,
        ("campaigns",): 24,  # its own header, not the one that only implied it
        ("campaigns", "we_miss_you"): 22,
        ("campaigns", "we_miss_you", "on"): 23,
        ("campaigns", "priority"): 25,
        ("tiers",): 26,
        ("tiers", 0): 26,
        ("tiers", 0, "a"): 27,
        ("tiers", 0, "below"): 28,
        ("tiers", 0, "below", 0): 28,
        ("tiers", 0, "below", 0, "b"): 29,
        ("tiers", 1): 30,
        ("tiers", 1, "below"): 31,
        ("tiers", 1, "below", "c"): 32,
    }


def test_what_is_not_there_stands_where_its_table_stands() -> None:
    lines = Lines("\n[shop]\nkey = 1\n")
    assert lines.of(("shop", "key", 3, "x")) == 3
    assert lines.of(("shop", "url")) == 2
    assert lines.of(("web", "listen")) == 1


@given(st.text(alphabet="[]{}=#\"'\\\n\r\t ,.ab1", max_size=30))
@settings(max_examples=300)
def test_any_sound_text_is_read_to_its_end(text: str) -> None:
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(Lines(text).found) == set(paths(tree))


def paths(tree: object, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every table, key and list entry of what tomllib read."""
    items: Any = ()
    if isinstance(tree, dict):
        items = tree.items()
    elif isinstance(tree, list):
        items = enumerate(tree)
    for step, value in items:
        yield (*above, step)
        yield from paths(value, (*above, step))


class Writer:
    """Writes values in the many ways of TOML, and notes the line of each."""

    def __init__(self, data: st.DataObject) -> None:
        self.draw = data.draw
        self.text = ""
        self.lines: dict[tuple[str | int, ...], int] = {}

    def note(self, *steps: str | int) -> tuple[str | int, ...]:
        self.lines[steps] = self.text.count("\n") + 1
        return steps

    def blank(self) -> None:
        self.text += self.draw(st.sampled_from(["", " ", "\n", "\t# ] = [x]\n  ", "\n\n# '''\n"]))

    def key(self, name: str) -> None:
        self.text += self.draw(st.sampled_from([name, f'"{name}"', f"'{name}'"]))

    def value(self, steps: tuple[str | int, ...], depth: int = 0) -> None:
        kinds = ["scalar"] * 3 + (["list", "table"] if depth < 3 else [])
        match self.draw(st.sampled_from(kinds)):
            case "list":
                self.text += "["
                for position in range(self.draw(st.integers(0, 3))):
                    self.text += "," if position else ""
                    self.blank()
                    self.value(self.note(*steps, position), depth + 1)
                self.blank()
                self.text += "]"
            case "table":
                self.text += "{"
                for position, name in enumerate(self.draw(NAMES)):
                    self.text += ", " if position else ""
                    self.note(*steps, name)
                    self.key(name)
                    self.text += " = "
                    self.value((*steps, name), depth + 1)
                self.text += "}"
            case _:
                self.text += self.draw(st.sampled_from(SCALARS))


NAMES = st.lists(st.sampled_from(["a", "b", "c-d", "1"]), unique=True, max_size=3)
SCALARS = [
    "1", "-2.5e3", "true", "nan", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00", "07:32:00",
    '""', '"a # b"', '"\\" ] }"', "'\\'", "''", '"""\n[x]\n\\"""y" """', "'''\na = 1\n'' '''", "''''a'''''",
    '""""a"""""', '"\\\\"', '"""\\\\"""',
]  # fmt: skip


@given(st.data())
@settings(max_examples=150)
def test_every_way_of_writing_keeps_its_line(data: st.DataObject) -> None:
    # given a file of tables, some repeated, with values in all forms
    writer = Writer(data)
    for table in data.draw(st.lists(st.sampled_from(["t", "u", "v.w"]), unique=True, max_size=3)):
        repeated = data.draw(st.integers(0, 2))
        for position in range(repeated or 1):
            writer.blank()
            writer.text += "\n"
            steps: tuple[str | int, ...] = ()
            for name in table.split("."):
                steps = (*steps, name)
                if steps not in writer.lines:
                    writer.note(*steps)
            steps = writer.note(*steps, position) if repeated else steps
            writer.text += f"[[{table}]]\n" if repeated else f"[ {table} ]\n"
            for name in data.draw(NAMES):
                writer.note(*steps, name)
                writer.key(name)
                writer.text += "="
                writer.value((*steps, name))
                writer.text += " # x = 1\n"
    # then each thing is found on the line where it was written, and nothing else
    assert set(writer.lines) == set(paths(tomllib.loads(writer.text)))
    assert Lines(writer.text).found == writer.lines
