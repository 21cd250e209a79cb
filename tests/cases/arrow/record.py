#!/usr/bin/env python3
"""Writes the .arrows files of this folder: streams as pyarrow writes them, and beside each a .json with its rows.

    PYTHON tests/cases/arrow/record.py        (a Python that has pyarrow)
"""
import datetime as dt
import decimal
import json
import os

import pyarrow as pa

HERE = os.path.dirname(os.path.abspath(__file__))
UTC = dt.timezone.utc

COLUMNS = [
    ("nothing", pa.null(), [None, None, None]),
    ("flag", pa.bool_(), [True, None, False]),
    ("i8", pa.int8(), [-128, None, 127]),
    ("i16", pa.int16(), [-32768, None, 32767]),
    ("i32", pa.int32(), [-2**31, None, 2**31 - 1]),
    ("i64", pa.int64(), [-2**63, None, 2**63 - 1]),
    ("u8", pa.uint8(), [0, None, 255]),
    ("u16", pa.uint16(), [0, None, 65535]),
    ("u32", pa.uint32(), [0, None, 2**32 - 1]),
    ("u64", pa.uint64(), [0, None, 2**64 - 1]),
    ("f32", pa.float32(), [0.5, None, -1.25]),
    ("f64", pa.float64(), [0.1, None, 1e300]),
    ("money", pa.decimal128(18, 2), [decimal.Decimal("12.30"), None, decimal.Decimal("-0.05")]),
    ("wide", pa.decimal128(38, 0), [decimal.Decimal("9" * 38), None, decimal.Decimal("-1")]),
    ("word", pa.string(), ["a", None, "größe ☃"]),
    ("empty", pa.string(), ["", "", ""]),
    ("day", pa.date32(), [dt.date(2020, 1, 31), None, dt.date(1969, 12, 31)]),
    ("clock", pa.time64("us"), [dt.time(10, 0, 0, 500000), None, dt.time(0)]),
    ("moment", pa.timestamp("us"), [dt.datetime(2020, 1, 31, 10, 0, 0, 123456), None, dt.datetime(1970, 1, 1)]),
    ("instant", pa.timestamp("us", "UTC"), [dt.datetime(2020, 1, 31, 10, tzinfo=UTC), None,
                                            dt.datetime(1970, 1, 1, tzinfo=UTC)]),
    ("list", pa.list_(pa.int32()), [[1, None, 3], None, []]),
    ("texts", pa.list_(pa.string()), [["x", "yz"], [], None]),
    ("pair", pa.struct([("a", pa.int32()), ("b c", pa.string())]), [{"a": 1, "b c": "x"}, None, {"a": None, "b c": ""}]),
    ("deep", pa.list_(pa.struct([("n", pa.list_(pa.int64()))])), [[{"n": [1]}, {"n": None}], [], None]),
]


def write(name, batches, schema):
    with pa.OSFile(os.path.join(HERE, name + ".arrows"), "wb") as sink:
        with pa.ipc.new_stream(sink, schema) as writer:
            for batch in batches:
                writer.write_batch(batch)


def shown(value):
    if isinstance(value, dt.datetime):
        text = value.replace(tzinfo=None).isoformat().rstrip("0") if value.microsecond else value.replace(tzinfo=None).isoformat()
        return text + ("Z" if value.tzinfo else "")
    if isinstance(value, (dt.date, dt.time)):
        text = value.isoformat()
        return text.rstrip("0") if "." in text else text
    if isinstance(value, decimal.Decimal):
        return {"decimal": str(value)}
    if isinstance(value, list):
        return [shown(item) for item in value]
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    return value


def rows(name, batches):
    with open(os.path.join(HERE, name + ".json"), "w", encoding="utf-8") as file:
        for batch in batches:
            for row in batch.to_pylist():
                line = json.dumps([shown(value) for value in row.values()], ensure_ascii=False, separators=(",", ":"))
                for value in row.values():
                    if isinstance(value, decimal.Decimal):
                        line = line.replace('{"decimal":"%s"}' % value, str(value))
                file.write(line + "\n")


def main():
    schema = pa.schema([pa.field(name, kind, nullable=name != "empty") for name, kind, _ in COLUMNS])
    batch = pa.record_batch([pa.array(values, kind) for _, kind, values in COLUMNS], schema=schema)
    write("types", [batch], schema)
    rows("types", [batch])
    write("empty", [], schema)
    rows("empty", [])
    parts = [batch.slice(1, 2), batch.slice(0, 0), batch.slice(2, 1), batch]
    write("slices", parts, schema)
    rows("slices", parts)
    write("no_columns", [], pa.schema([]))
    rows("no_columns", [])
    other = pa.schema([("c", pa.dictionary(pa.int8(), pa.string()))])
    write("refused_dictionary", [pa.record_batch([pa.array(["a", "b"]).dictionary_encode().cast(other[0].type)],
                                                 schema=other)], other)
    other = pa.schema([("n", pa.timestamp("ns"))])
    write("refused_unit", [pa.record_batch([pa.array([1], pa.timestamp("ns"))], schema=other)], other)
    other = pa.schema([("n", pa.large_string())])
    write("refused_large", [pa.record_batch([pa.array(["x"], pa.large_string())], schema=other)], other)


if __name__ == "__main__":
    main()
