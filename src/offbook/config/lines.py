"""In which line of a TOML file each setting stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

Path = tuple[str, ...]
_TOKEN: Final = re.compile(
    r"""
      (?P<blank>[ \t\r]+|\#[^\n]*)
    | (?P<line>\n)
    | (?P<text>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
    | (?P<mark>[\[\]{}=.,])
    | (?P<word>[^\s\[\]{}=.,"'\#]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_END: Final = "end"
_LINE: Final = "line"


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def lines_of(text: str) -> dict[Path, int]:
    """The line of each setting, table, and item of a list, of text that is TOML.

    Items are named by their numbers from 1: ``("venue", "fee", "groups", "2", "maker")``; of what
    stands twice, as the head of tables in a list, the first line counts.
    """
    reader = _Reader(text)
    reader.read()
    return reader.found


class _Reader:
    """Goes through a file's tokens once."""

    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {}
        self._tokens = _tokens(text)
        self._now = next(self._tokens)
        self._counts: dict[Path, int] = {}

    def read(self) -> None:
        table: Path = ()
        while self._now.kind != _END:
            if self._now.text == "[":
                table = self._header()
            elif self._now.kind == _LINE:
                self._step()
            else:
                self._pair(table)

    def _header(self) -> Path:
        """The table that a head opens: of a list of tables the next one."""
        line = self._now.line
        self._step()
        is_list = self._now.text == "["
        if is_list:
            self._step()
        path: Path = ()
        for name in self._names():
            path = (*path, name)
            last = self._counts.get(path)
            if last is not None:
                path = (*path, str(last))
        self._skip_line()
        if is_list:
            head = path[:-1] if self._counts.get(path[:-1]) is not None else path
            self._counts[head] = self._counts.get(head, 0) + 1
            self.found.setdefault(head, line)
            path = (*head, str(self._counts[head]))
        self.found.setdefault(path, line)
        return path

    def _pair(self, table: Path) -> None:
        line = self._now.line
        path = (*table, *self._names())
        if len(path) == len(table) or self._now.text != "=":
            self._step()  # it is no TOML that we know; go on behind it
            return
        self._step()
        self.found.setdefault(path, line)
        self._value(path)

    def _names(self) -> Path:
        names = []
        while self._now.kind in ("word", "text") or self._now.text == ".":
            if self._now.text != ".":
                is_quoted = self._now.kind == "text"
                names.append(self._now.text[1:-1] if is_quoted else self._now.text)
            self._step()
        return tuple(names)

    def _value(self, path: Path) -> None:
        if self._now.text == "[":
            self._list(path)
        elif self._now.text == "{":
            self._inline(path)
        else:
            while self._now.kind not in (_LINE, _END) and self._now.text not in (",", "]", "}"):
                self._step()

    def _list(self, path: Path) -> None:
        self._step()
        number = 1
        while self._now.kind != _END and self._now.text != "]":
            if self._now.kind == _LINE:
                self._step()
            elif self._now.text == ",":
                number += 1
                self._step()
            else:
                item = (*path, str(number))
                self.found.setdefault(item, self._now.line)
                before = self._now
                self._value(item)
                if self._now is before:
                    self._step()
        self._step()

    def _inline(self, path: Path) -> None:
        self._step()
        while self._now.kind != _END and self._now.text != "}":
            if self._now.kind == _LINE or self._now.text == ",":
                self._step()
            else:
                self._pair(path)
        self._step()

    def _skip_line(self) -> None:
        while self._now.kind not in (_LINE, _END):
            self._step()

    def _step(self) -> None:
        self._now = next(self._tokens, self._now)


def _tokens(text: str) -> Iterator[_Token]:
    """Everything that is neither blank nor a comment, and then without end the end."""
    line = 1
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        if kind != "blank":
            yield _Token(kind, match.group(), line)
        line += match.group().count("\n")
    yield _Token(_END, "", line)
