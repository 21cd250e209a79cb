"""make_archives.py FOLDER: a small day of archives, good and bad, for src/drops/extract_test.c."""
import io
import pathlib
import sys
import tarfile

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


def archive(name, members, links=(), cut=0):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz", compresslevel=1) as tar:
        for member, text in members:
            info = tarfile.TarInfo(member)
            content = text if isinstance(text, bytes) else text.encode()
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for member, target in links:
            info = tarfile.TarInfo(member)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    bytes_ = data.getvalue()
    (folder / name).write_bytes(bytes_[: len(bytes_) - cut] if cut else bytes_)


def rows(first, count, amount):
    return "".join(f"{i},{amount(i)},note {i % 7}\n" for i in range(first, first + count))


plain = "id,amount,note\n" + rows(1, 1000, lambda i: i * 10)
archive("a.tar.gz", [("orders_20240103_1.csv", plain), ("out/customers_20240103_1.csv", "id,name\n1,Ann\n2,Böb\n")])
archive("b.tar.gz", [("orders_20240103_2.csv", "note,id,rating\n" + "".join(f"n,{i},{i}.5\n" for i in range(2001, 2011)))])
archive("c.tar.gz", [("orders_20240103_3.csv", "id,amount,note\n" + rows(3001, 50000, lambda i: i * 7919 % 10007))], cut=3000)
archive("d.tar.gz", [("../orders_20240103_4.csv", plain)])
archive("e.tar.gz", [("orders_20240103_5.csv", plain)], links=[("orders_20240103_6.csv", "/etc/passwd")])
archive("f.tar.gz", [
    ("orders_20240103_7.csv", "id,amount,note\n4001,1,x\n4002,2\n4003,n/a,y\n"),
    ("README.txt", "hello"), ("inner.tar.gz", b"\x1f\x8b"), ("ordres_20240103_1.csv", "id\n1\n")])
(folder / "g.tar.gz").write_bytes(b"this is no archive")
archive("h.tar.gz", [])
archive("i.tar.gz", [("orders_20240103_8.csv", ""), ("customers_20240103_2.csv", "id,name\n")])
