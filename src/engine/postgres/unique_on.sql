-- $1: oid of a table, $2: names of columns. A row if a unique index over just these columns stands on it.
select 1
from pg_catalog.pg_index i
where i.indrelid = $1::pg_catalog.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
  and (select pg_catalog.array_agg(a.attname::pg_catalog.text order by a.attname::pg_catalog.text collate "C")
       from pg_catalog.pg_attribute a
       where a.attrelid = i.indrelid and a.attnum = any (i.indkey[0:i.indnkeyatts - 1]))
      = (select pg_catalog.array_agg(k.name order by k.name collate "C")
         from unnest($2::pg_catalog.text[]) as k (name))
limit 1
