-- $1: a schema, or '' for those of the search path's first.
select n.nspname as schema,
       c.relname as name,
       (c.relkind = 'v')::pg_catalog.int4 as is_view,
       case when c.relkind in ('v', 'f') or c.reltuples < 0 then -1 else c.reltuples end::pg_catalog.int8 as row_count
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = case when $1 = '' then pg_catalog.current_schema() else $1::pg_catalog.name end
  and c.relkind in ('r', 'v', 'm', 'f', 'p')
  and not c.relispartition
order by c.relname
