#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""find_secrets.py SECRETS PATH...: prints where a secret stands below the paths, and exits with 1 when one does.

SECRETS has a secret a line. Each is looked for as it is, in base64 at any offset, in hexadecimal digits, and by its first
eight bytes as the number that a function could return. Looked through are all bytes of files and their names, what is
packed in them (gzip, zlib, zstd, tar), every value of SQLite databases, and every object of git repositories."""
import base64
import gzip
import os
import sqlite3
import subprocess
import sys
import zlib

MAGIC_ZSTD = b"\x28\xb5\x2f\xfd"


def forms(secret):
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for lead in range(3):
        text = base64.b64encode(b"\0" * lead + secret)
        yield text[4 if lead else 0 : -4]
    for order in ("little", "big"):
        number = int.from_bytes(secret[:8], order)
        yield str(number).encode()
        yield b"%x" % number


class Search:
    def __init__(self, secrets):
        self.needles = [(secret, form) for secret in secrets for form in forms(secret)]
        self.found, self.looked = [], 0

    def look(self, data, where, depth=0):
        self.looked += 1
        for secret, form in self.needles:
            if form in data:
                self.found.append(f"{where}: {secret.decode()} as {form[:40].decode()}")
        if depth > 3:
            return
        for unpack in (self.unpack_gzip, self.unpack_zlib, self.unpack_zstd):
            unpacked = unpack(data)
            if unpacked:
                self.look(unpacked, where + " unpacked", depth + 1)
        at = data.find(b"SQLite format 3\0")
        if at >= 0:
            self.look_in_database(data[at:], where, depth + 1)

    @staticmethod
    def unpack_gzip(data):
        try:
            return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else None
        except (OSError, EOFError, zlib.error):
            return None

    @staticmethod
    def unpack_zlib(data):
        try:
            return zlib.decompress(data) if data[:1] == b"\x78" else None
        except zlib.error:
            return None

    @staticmethod
    def unpack_zstd(data):
        if data[:4] != MAGIC_ZSTD:
            return None
        return subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE, check=True).stdout

    def look_in_database(self, data, where, depth):
        database = sqlite3.connect(":memory:")
        database.text_factory = bytes
        try:
            database.deserialize(data)
            tables = database.execute("select name from sqlite_master where type = 'table'").fetchall()
            for (table,) in tables:
                for row in database.execute(f'select * from "{table.decode()}"'):
                    for value in row:
                        if value is not None:
                            value = value if isinstance(value, bytes) else str(value).encode()
                            self.look(value, f"{where} table {table.decode()}", depth)
        except sqlite3.DatabaseError:
            pass

    def look_in_repository(self, folder):
        listed = subprocess.run(
            ["git", "-C", folder, "cat-file", "--batch-all-objects", "--batch"], stdout=subprocess.PIPE, check=True
        )
        self.look(listed.stdout, folder + " objects")

    def walk(self, path):
        if os.path.isfile(path):
            with open(path, "rb") as file:
                self.look(file.read(), path)
        for folder, folders, files in os.walk(path):
            if "objects" in folders and "HEAD" in files:
                self.look_in_repository(folder)
            for name in files + folders:
                self.look(name.encode(), f"{folder}: a name")
            for name in files:
                whole = os.path.join(folder, name)
                if os.path.isfile(whole) and not os.path.islink(whole):
                    with open(whole, "rb") as file:
                        self.look(file.read(), whole)


def main():
    with open(sys.argv[1], "rb") as file:
        search = Search([line for line in file.read().split(b"\n") if line])
    for path in sys.argv[2:]:
        search.walk(path)
    for line in search.found[:40]:
        print(line)
    print(f"{search.looked} pieces looked through, {len(search.found)} findings")
    sys.exit(1 if search.found else 0)


main()
