"""A table of twelve columns of mixed types, the same rows in Postgres and MariaDB, and how to compare it with a copy.

    fill(server, "orders", 100_000)               makes the table and its rows 1 to 100,000
    change(server, "orders", share=0.01)          gives some rows other values and a later updated_at
    lines(server, "orders")                       the truth: one text a row, by id
    DUCKDB.format(table="raw.orders")             a query of DuckDB that gives the same texts for a right copy

updated_at: five rows share each value. note holds nulls, empty texts, quotes, line ends, CJK and emoji; amount, ratio, day and
ref hold nulls. ratio is a multiple of 1/64: exact in every engine.
"""
from .postgres import Postgres

COLUMNS = ("id", "small", "amount", "ratio", "is_paid", "code", "note", "created_at", "updated_at", "day", "tags", "ref")

_POSTGRES_TABLE = """create table {table} (id bigint primary key, small smallint not null, amount numeric(12,2), ratio double precision,
    is_paid boolean not null, code varchar(12) not null, note text, created_at timestamp(6) not null,
    updated_at timestamp(6) not null, day date, tags jsonb not null, ref uuid);
create index on {table} (updated_at);"""
_POSTGRES_ROWS = """insert into {table} select i, i * 7919 % 30000, case when i % 23 = 0 then null else (i * 104729 % 10000000) / 100.0 end,
    case when i % 19 = 0 then null else (i * 31 % 100000) / 64.0 end, i % 3 = 0, 'C' || lpad((i % 100000)::text, 6, '0'),
    case i % 10 when 0 then null when 1 then '' when 2 then 'say "hi", it''s' when 3 then E'two\\nlines' when 4 then '주문 ' || i
    when 5 then '🎮 ' || i else 'note ' || i || repeat(' x', (i % 20)::int) end,
    timestamp '2024-01-01' + i * interval '0.000123 second', timestamp '2025-01-01' + (i / 5) * interval '1 second',
    case when i % 29 = 0 then null else date '2000-01-01' + (i % 9000)::int end,
    jsonb_build_object('k', i % 7, 'list', jsonb_build_array(i % 3, 'a')),
    case when i % 31 = 0 then null else md5(i::text)::uuid end from generate_series({first}::bigint, {last}::bigint) i;"""
_POSTGRES_CHANGE = """update {table} set amount = coalesce(amount, 0) + 0.01, note = 'changed ' || id,
    updated_at = (select max(updated_at) from {table}) + (id / 5) * interval '0.001 second' + interval '1 second'
    where id % {every} = {rest};"""
_POSTGRES_LINES = """select concat_ws('|', id, small, coalesce(amount::text, '-'), coalesce((ratio * 64)::bigint::text, '-'), is_paid::int, code,
    coalesce(md5(note), '-'), to_char(created_at, 'YYYY-MM-DD HH24:MI:SS.US'), to_char(updated_at, 'YYYY-MM-DD HH24:MI:SS.US'),
    coalesce(day::text, '-'), tags ->> 'k', tags -> 'list' ->> 0, coalesce(ref::text, '-')) from {table} order by id"""

_MARIADB_TABLE = """create table {table} (id bigint primary key, small smallint not null, amount decimal(12,2), ratio double,
    is_paid boolean not null, code varchar(12) not null, note text, created_at datetime(6) not null,
    updated_at datetime(6) not null, day date, tags json not null, ref char(36), key (updated_at));"""
_MARIADB_ROWS = """insert into {table} select i, i * 7919 % 30000, if(i % 23 = 0, null, (i * 104729 % 10000000) / 100),
    if(i % 19 = 0, null, (i * 31 % 100000) / 64e0), i % 3 = 0, concat('C', lpad(i % 100000, 6, '0')),
    case i % 10 when 0 then null when 1 then '' when 2 then 'say "hi", it''s' when 3 then 'two\\nlines' when 4 then concat('주문 ', i)
    when 5 then concat('🎮 ', i) else concat('note ', i, repeat(' x', i % 20)) end,
    timestamp '2024-01-01 00:00:00' + interval i * 123 microsecond, timestamp '2025-01-01 00:00:00' + interval (i div 5) second,
    if(i % 29 = 0, null, date '2000-01-01' + interval (i % 9000) day),
    json_object('k', i % 7, 'list', json_array(i % 3, 'a')),
    if(i % 31 = 0, null, insert(insert(insert(insert(md5(i), 9, 0, '-'), 14, 0, '-'), 19, 0, '-'), 24, 0, '-'))
    from (select seq as i from seq_{first}_to_{last}) numbers;"""
_MARIADB_CHANGE = """set @latest = (select max(updated_at) from {table});
update {table} set amount = coalesce(amount, 0) + 0.01, note = concat('changed ', id),
    updated_at = @latest + interval (id div 5) * 1000 + 1000000 microsecond where id % {every} = {rest};"""
_MARIADB_LINES = """select concat_ws('|', id, small, coalesce(amount, '-'), coalesce(cast(ratio * 64 as signed), '-'), is_paid, code,
    coalesce(md5(note), '-'), date_format(created_at, '%Y-%m-%d %H:%i:%s.%f'), date_format(updated_at, '%Y-%m-%d %H:%i:%s.%f'),
    coalesce(day, '-'), json_value(tags, '$.k'), json_value(tags, '$.list[0]'), coalesce(ref, '-')) from {table} order by id"""

DUCKDB = """select concat_ws('|', id, small, coalesce(amount::decimal(12,2)::varchar, '-'), coalesce((ratio * 64)::bigint::varchar, '-'),
    is_paid::int, code, coalesce(md5(note), '-'), strftime(created_at, '%Y-%m-%d %H:%M:%S.%f'),
    strftime(updated_at, '%Y-%m-%d %H:%M:%S.%f'), coalesce(day::varchar, '-'), tags::json ->> '$.k', tags::json ->> '$.list[0]',
    coalesce(ref::varchar, '-')) as line from {table} order by id"""


def _texts(server):
    if isinstance(server, Postgres):
        return _POSTGRES_TABLE, _POSTGRES_ROWS, _POSTGRES_CHANGE, _POSTGRES_LINES
    return _MARIADB_TABLE, _MARIADB_ROWS, _MARIADB_CHANGE, _MARIADB_LINES


def fill(server, table, count):
    """A new table with rows 1 to count (5 million: about half a minute)."""
    make, rows, _, _ = _texts(server)
    server.sql(make.format(table=table))
    add(server, table, 1, count)
    server.sql("analyze {0}".format(table) if rows is _POSTGRES_ROWS else "analyze table {0}".format(table))


def add(server, table, first, last):
    """More rows, by their numbers; their updated_at follows from these: behind what was changed before."""
    server.sql(_texts(server)[1].format(table=table, first=first, last=last))


def change(server, table, share=0.01, rest=0):
    """Changes the rows whose id leaves `rest` when divided by 1/share; all get an updated_at after every other."""
    server.sql(_texts(server)[2].format(table=table, every=max(round(1 / share), 1), rest=rest))


def lines(server, table):
    return [row[0] for row in server.rows(_texts(server)[3].format(table=table))]


def compare(truth, copy, ranges=10):
    """Nothing, or AssertionError: counts, then the first ids that lack, are too many or differ, with the ranges of rows they are in."""
    by_id, copied = ({line.split("|", 1)[0]: line for line in some} for some in (truth, copy))
    doubled = len(copy) - len(copied)
    lacking = [number for number in by_id if number not in copied]
    extra = [number for number in copied if number not in by_id]
    other = [number for number in by_id if number in copied and by_id[number] != copied[number]]
    if doubled or lacking or extra or other:
        width = max(len(truth) // ranges, 1)
        where = sorted({(int(number) - 1) // width for number in lacking + extra + other})
        first = other[0] if other else None
        raise AssertionError("%d rows in the source, %d in the copy: %d twice, %d lacking %s, %d too many %s, %d differ %s; in tenths %s%s" %
                             (len(truth), len(copy), doubled, len(lacking), lacking[:5], len(extra), extra[:5], len(other), other[:5],
                              where, "\nsource %s\ncopy   %s" % (by_id[first], copied[first]) if first else ""))
