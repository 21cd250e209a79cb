#!/usr/bin/env python3
"""Makes the archives of archive_test.c in a folder: make_archives.py FOLDER

Names that lead out of the folder, links, devices, long and foreign names, zips that were written as a stream.
"""
import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import tarfile
import zipfile


def add(tar, name, content=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(content)
    info.mtime = 1700000000
    for key, value in fields.items():
        setattr(info, key, value)
    tar.addfile(info, io.BytesIO(content))


class Stream(io.RawIOBase):
    """A file that cannot go back: zipfile then writes sizes behind the members."""

    def __init__(self, path):
        self.file = open(path, "wb")

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)

    def close(self):
        self.file.close()
        super().close()


def main():
    folder = sys.argv[1]
    path = lambda name: os.path.join(folder, name)
    with tarfile.open(path("unsafe.tar"), "w", format=tarfile.GNU_FORMAT) as tar:
        add(tar, "good.csv", b"a,b\n1,2\n")
        add(tar, "../up.csv", b"x")
        add(tar, "/abs.csv", b"x")
        add(tar, "a/../../b.csv", b"x")
        add(tar, "dos\\..\\..\\c.csv", b"x")
        add(tar, "C:evil.csv", b"x")
        add(tar, "a..b/ok..csv", b"x")
        add(tar, "folder/", type=tarfile.DIRTYPE)
        add(tar, "soft", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        add(tar, "hard", type=tarfile.LNKTYPE, linkname="good.csv")
        add(tar, "pipe", type=tarfile.FIFOTYPE)
        add(tar, "null", type=tarfile.CHRTYPE, devmajor=1, devminor=3)
        add(tar, "inner.tar.gz", gzip.compress(b"not looked into"))
    with tarfile.open(path("names.tar"), "w", format=tarfile.PAX_FORMAT) as tar:
        add(tar, "주문_2026.csv", "가".encode())
        add(tar, "long/" * 60 + "x.csv", b"deep")
        add(tar, "empty.csv")
    with tarfile.open(path("latin.tar"), "w", format=tarfile.USTAR_FORMAT, encoding="latin-1") as tar:
        add(tar, "caf\xe9.csv", b"1")
    with tarfile.open(path("empty.tar"), "w"):
        pass
    with tarfile.open(path("gnu.tar"), "w", format=tarfile.GNU_FORMAT) as tar:
        add(tar, "long/" * 60 + "x.csv", b"deep")
        add(tar, "link", type=tarfile.SYMTYPE, linkname="to/" * 60)
        add(tar, "empty.csv")
        add(tar, "last.csv", b"last")
    with tarfile.open(path("small.tar.gz"), "w:gz") as tar:
        for number in range(3):
            add(tar, "orders_%d.csv" % number, b"".join(b"%d,%d\n" % (number, row * row) for row in range(300)))
    with tarfile.open(path("small.tar"), "w") as tar:
        for number in range(3):
            add(tar, "orders_%d.csv" % number, b"%d" % number * 600)
    with open(path("sparse.csv"), "wb") as file:
        file.truncate(1 << 20)
        file.seek(100000)
        file.write(b"middle")
        file.seek(0, os.SEEK_END)
        file.write(b"end\n")
    for kind in ("gnu", "posix"):
        subprocess.run(["tar", "--sparse", "--format=" + kind, "-C", folder, "-cf", path("sparse-%s.tar" % kind), "sparse.csv",
                        "small.tar"], check=True)
    with zipfile.ZipFile(path("unsafe.zip"), "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("good.csv", "a,b\n1,2\n" * 1000)
        packed.writestr("../up.csv", "x")
        packed.writestr("/abs.csv", "x")
        packed.writestr("folder/", "")
        packed.writestr("주문.csv", "가")
    with Stream(path("stream.zip")) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("one.csv", "1\n" * 5000)
        packed.writestr("two.csv", "2\n")
    plain = b"".join(b"%d,row %d\n" % (i, i * i) for i in range(20000))
    for name, pack in (("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress), ("txt", bytes)):
        with open(path("plain." + name), "wb") as file:
            file.write(pack(plain))


if __name__ == "__main__":
    main()
