#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""rename.py FROM INTO

Copies the files of the demo's target functions into another house: every name in them is another one (functions,
parameters, locals, macros), comments are gone, all stands in as few lines as the preprocessor allows, and the checksum
has another polynomial. Prints the map of names, "OLD NEW" a line."""
import os
import random
import re
import sys

FILES = ("tag", "merge", "murmur3", "checksum")
POLYNOMIALS = ("0xEDB88320u", "0x82F63B78u")
KEPT = set(
    "break case char const continue default do else enum extern for goto if inline int long return short signed sizeof"
    " static struct switch typedef union unsigned void volatile while bool true false size_t uint8_t uint32_t uint64_t"
    " NULL define include ifndef ifdef endif undef stdbool stddef stdint string h u ul ull".split()
)
TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<line>\n)"""
    r"""|(?P<include>\#include[^\n]*)|(?P<number>\b[0-9][0-9a-zA-Z]*)|(?P<name>[A-Za-z_][A-Za-z_0-9]*)""",
    re.DOTALL | re.VERBOSE,
)


class Names:
    """A new name for each old one, made of nothing."""

    def __init__(self):
        self.map, self.draw = {}, random.Random(11)

    def of(self, old):
        if old in KEPT:
            return old
        if old not in self.map:
            word = "".join(self.draw.choice("bdfgklmnprstvz") + self.draw.choice("aeiou") for _ in range(3))
            self.map[old] = f"{word}{len(self.map)}"
        return self.map[old]


def renamed(text, names):
    def other(match):
        if match.lastgroup == "comment":
            return " "
        return names.of(match.group()) if match.lastgroup == "name" else match.group()

    return TOKEN.sub(other, text.replace(*POLYNOMIALS))


def joined(text):
    """Directives keep their lines; what stands between them becomes one."""
    lines, open_line = [], False
    for line in filter(None, (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())):
        if line.startswith("#") or not open_line:
            lines.append(line)
        else:
            lines[-1] += " " + line
        open_line = not line.startswith("#")
    return "\n".join(lines) + "\n"


def main():
    source, into = sys.argv[1:3]
    names = Names()
    os.makedirs(into, exist_ok=True)
    for file in FILES:
        for end in (".h", ".c"):
            with open(os.path.join(source, file + end), encoding="utf-8") as old:
                text = joined(renamed(old.read(), names))
            with open(os.path.join(into, file + end), "w", encoding="utf-8") as new:
                new.write(text)
    for old, new in names.map.items():
        print(old, new)


main()
