-- $1: schema or '', $2: relation. Pages and rows are those of all its parts, where it has parts.
with recursive found as (
    select c.oid, c.relkind
    from pg_catalog.pg_class c
    where c.oid = pg_catalog.to_regclass(
        case when $1 = '' then '' else pg_catalog.quote_ident($1) || '.' end || pg_catalog.quote_ident($2))
), part (oid) as (
    select found.oid from found
    union all
    select i.inhrelid from pg_catalog.pg_inherits i join part on part.oid = i.inhparent
), leaf as (
    select c.oid, c.relkind, c.reltuples,
           coalesce(pg_catalog.pg_relation_size(c.oid), 0) / pg_catalog.current_setting('block_size')::pg_catalog.int8
               as pages
    from part
    join pg_catalog.pg_class c on c.oid = part.oid
)
select found.oid,
       found.relkind,
       (select (coalesce(pg_catalog.bool_and(leaf.relkind in ('r', 'p', 'm')), false))::pg_catalog.int4 from leaf)
           as has_pages,
       (select coalesce(pg_catalog.max(leaf.pages), 0) from leaf) as pages,
       -- never analysed: as many as rows of 100 bytes would be
       (select coalesce(pg_catalog.sum(case when leaf.reltuples > 0 then leaf.reltuples else leaf.pages * 80 end), 0)
        from leaf where leaf.relkind <> 'p')::pg_catalog.int8 as row_count
from found
