-- $1: oids of types. They, the items of arrays among them and the bases of domains among them.
with recursive wanted (oid) as (
    select pg_catalog.unnest($1::pg_catalog.oid[])
    union
    select case when t.typtype = 'd' then t.typbasetype else t.typelem end
    from wanted
    join pg_catalog.pg_type t on t.oid = wanted.oid
    where t.typtype = 'd' or (t.typelem <> 0 and t.typlen = -1)
)
select t.oid,
       case when t.typlen = -1 and t.typcategory = 'A' and t.oid not in (22, 30) then t.typelem else 0 end as item,
       t.typbasetype as base,
       t.typtypmod as base_modifier,
       t.typtype as kind,
       n.nspname as schema,
       t.typname as name,
       (exists (select 1 from pg_catalog.pg_proc p
                where p.pronamespace = t.typnamespace and p.proname = 'st_asbinary'))::pg_catalog.int4 as has_geometry
from pg_catalog.pg_type t
join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where t.oid in (select wanted.oid from wanted)
