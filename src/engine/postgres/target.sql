-- $1: schema or '', $2: table. What stands where rows are to be published; one row always.
-- has_dependents: something that dropping the table would take along or that forbids it.
with wanted as (
    select coalesce(nullif($1, ''), pg_catalog.current_schema())::pg_catalog.name as schema
)
select wanted.schema,
       (n.oid is not null)::pg_catalog.int4 as has_schema,
       c.oid,
       c.relkind,
       (exists (select 1 from pg_catalog.pg_constraint f
                where f.confrelid = c.oid and f.contype = 'f' and f.conrelid <> c.oid))::pg_catalog.int4
           as is_referenced,
       (c.relkind = 'p' or c.relispartition or c.relrowsecurity
        or exists (select 1 from pg_catalog.pg_depend d
                   where d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass and d.refobjid = c.oid
                     and d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass)
        or exists (select 1 from pg_catalog.pg_depend d
                   where d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.refobjid = c.reltype
                     and d.deptype = 'n')
        or exists (select 1 from pg_catalog.pg_inherits i where i.inhparent = c.oid or i.inhrelid = c.oid)
        or exists (select 1 from pg_catalog.pg_policy p where p.polrelid = c.oid)
        or exists (select 1 from pg_catalog.pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal)
        or exists (select 1 from pg_catalog.pg_publication_rel p where p.prrelid = c.oid))::pg_catalog.int4
           as has_dependents
from wanted
left join pg_catalog.pg_namespace n on n.nspname = wanted.schema
left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = $2
