-- $1: oid of a relation. `key`: place in the primary key from 0, -1 outside of it.
select a.attname as name,
       a.atttypid as type,
       a.atttypmod as modifier,
       a.attnotnull::pg_catalog.int4 as is_required,
       coalesce(pg_catalog.array_position(i.indkey::pg_catalog.int2[], a.attnum), -1) as key
from pg_catalog.pg_attribute a
left join pg_catalog.pg_index i on i.indrelid = a.attrelid and i.indisprimary
where a.attrelid = $1::pg_catalog.oid and a.attnum > 0 and not a.attisdropped
order by a.attnum
