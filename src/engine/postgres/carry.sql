-- $1: oid of the table that goes, $2: oid of the one that takes its place.
-- Statements that give the new one the old one's owner, settings, rights and comments, in order.
with pair as (
    select o.oid as old, w.oid as new, w.oid::pg_catalog.regclass::pg_catalog.text as name, o.relowner as old_owner,
           w.relowner as new_owner, o.reloptions, o.relacl as old_rights, w.relacl as new_rights
    from pg_catalog.pg_class o, pg_catalog.pg_class w
    where o.oid = $1::pg_catalog.oid and w.oid = $2::pg_catalog.oid
), column_pair as (
    select w.attname, w.attnum as new_place, o.attnum as old_place, o.attacl, pair.name, pair.old
    from pair
    join pg_catalog.pg_attribute o on o.attrelid = pair.old and o.attnum > 0 and not o.attisdropped
    join pg_catalog.pg_attribute w on w.attrelid = pair.new and w.attnum > 0 and w.attname = o.attname
), statement (place, sql) as (
    select 1, pg_catalog.format('alter table %s owner to %I', name, pg_catalog.pg_get_userbyid(old_owner))
    from pair where old_owner <> new_owner
    union all
    select 2, pg_catalog.format('alter table %s set (%s)', name, pg_catalog.array_to_string(reloptions, ', '))
    from pair where reloptions is not null
    union all
    select 3, pg_catalog.format('revoke all on table %s from %s', name,
                                case when r.grantee = 0 then 'public'
                                     else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r.grantee)) end)
    from pair, pg_catalog.aclexplode(pair.new_rights) r
    where r.grantee <> pair.new_owner
    union all
    select 4, pg_catalog.format('grant %s on table %s to %s%s', r.privilege_type, name,
                                case when r.grantee = 0 then 'public'
                                     else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r.grantee)) end,
                                case when r.is_grantable and r.grantee <> pair.old_owner
                                     then ' with grant option' else '' end)
    from pair, pg_catalog.aclexplode(pair.old_rights) r
    union all
    select 5, pg_catalog.format('grant %s (%I) on table %s to %s%s', r.privilege_type, attname, name,
                                case when r.grantee = 0 then 'public'
                                     else pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(r.grantee)) end,
                                case when r.is_grantable then ' with grant option' else '' end)
    from column_pair, pg_catalog.aclexplode(column_pair.attacl) r
    union all
    select 6, pg_catalog.format('comment on table %s is %L', name,
                                pg_catalog.obj_description(old, 'pg_class'))
    from pair where pg_catalog.obj_description(old, 'pg_class') is not null
    union all
    select 7, pg_catalog.format('comment on column %s.%I is %L', name, attname,
                                pg_catalog.col_description(old, old_place))
    from column_pair where pg_catalog.col_description(old, old_place) is not null
)
select sql from statement order by place, sql
