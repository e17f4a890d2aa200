"""Reading Vim's syntax files as far as ours goes: keywords, matches and regions."""

import re
from dataclasses import dataclass

_KEYWORD = re.compile(r"syn keyword (\w+) (.+)")
_MATCH = re.compile(r'syn match (\w+) "((?:\\.|[^"\\])+)"')
_REGION = re.compile(r"syn region (\w+) start=(\S)(.+?)\2 ")
_LINK = re.compile(r"hi def link (\w+) (\w+)")
_PLAIN = {
    r"\|": "|",
    r"\(": "(",
    r"\)": ")",
    r"\<": r"\b",
    r"\>": r"\b",
    r"\?": "?",
    r"\+": "+",
}


@dataclass(frozen=True)
class VimSyntax:
    """Groups by keyword, matches in order of definition, and which groups have a colour."""

    keywords: dict[str, str]
    matches: list[tuple[str, re.Pattern[str]]]
    links: dict[str, str]

    def group_at(self, text: str, position: int) -> tuple[str, int] | None:
        """Return the group that begins at a position, and where it ends; None if none does."""
        word = re.compile(r"\w+").match(text, position)
        if word and word.group() in self.keywords:
            return self.keywords[word.group()], word.end()
        for group, pattern in reversed(self.matches):
            found = pattern.match(text, position)
            if found and found.end() > position:
                return group, found.end()
        return None


def read_syntax(text: str) -> VimSyntax:
    """Read a syntax file."""
    keywords = {w: group for group, words in _KEYWORD.findall(text) for w in words.split()}
    matches = []
    for line in text.splitlines():
        if found := _MATCH.match(line):
            matches.append((found.group(1), re.compile(to_python(found.group(2)))))
        elif found := _REGION.match(line):
            matches.append((found.group(1), re.compile(to_python(found.group(3)))))
    return VimSyntax(keywords, matches, dict(_LINK.findall(text)))


def to_python(pattern: str) -> str:
    """Return a Vim pattern ("magic") as a Python one."""
    out: list[str] = []
    groups: list[int] = []
    last = 0
    for part in re.findall(r"\\@=|\\.|\[\^?\]?[^\]]*\]|.", pattern):
        if part == r"\(":
            groups.append(len(out))
        elif part == r"\)":
            last = groups.pop()
        if part == r"\@=":
            out[last] = "(?="
        elif part in _PLAIN:
            out.append(_PLAIN[part])
        elif part.startswith("["):
            out.append("[" + part[1:-1].replace("[", r"\[").replace("]", r"\]") + "]")
        elif part in "(){}|+?":
            out.append(re.escape(part))
        else:
            out.append(part)
    return "".join(out)
