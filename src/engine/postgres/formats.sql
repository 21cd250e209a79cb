-- $1: oids of types, $2: their modifiers. The types as Postgres writes them, in that order.
select pg_catalog.format_type(w.oid, w.modifier) as name
from unnest($1::pg_catalog.oid[], $2::pg_catalog.int4[]) with ordinality as w (oid, modifier, place)
order by w.place
