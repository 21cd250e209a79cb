-- The schema registry.

-- name: schema_newest
select version, columns_json, first_seen_us, run_id from table_version
where table_name = ?1 order by version desc limit 1;

-- name: schema_one
select version, columns_json, first_seen_us, run_id from table_version where table_name = ?1 and version = ?2;

-- name: schema_add
insert into table_version (table_name, version, columns_json, first_seen_us, last_seen_us, run_id)
values (?1, ?2, ?3, ?4, ?4, ?5);

-- name: schema_seen
update table_version set last_seen_us = max(last_seen_us, ?3) where table_name = ?1 and version = ?2;

-- name: schema_column_seen
insert into table_column (table_name, column_name, type, first_seen_us, last_seen_us, run_id)
values (?1, ?2, ?3, ?4, ?4, ?5)
on conflict (table_name, column_name) do update set
    run_id = case when type = excluded.type then run_id else excluded.run_id end,
    type = excluded.type,
    last_seen_us = max(last_seen_us, excluded.last_seen_us);

-- name: schema_columns
select column_name, first_seen_us, last_seen_us, run_id from table_column where table_name = ?1;

-- name: schema_list
select
    newest.table_name as "table",
    newest.version,
    json_array_length(newest.columns_json) as columns,
    (select min(first_seen_us) from table_version as v where v.table_name = newest.table_name) as first_seen_us,
    newest.last_seen_us,
    newest.run_id
from table_version as newest
where newest.version = (select max(version) from table_version as v where v.table_name = newest.table_name)
order by newest.table_name;
