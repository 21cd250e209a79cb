-- Raw files of loads that are not committed, and intervals still owed.

-- name: landing_add
insert or ignore into landing (resource, load_id, uri) values (?1, ?2, ?3);

-- name: landing_remove
delete from landing where resource = ?1 and load_id = ?2;

-- name: landing_list
select load_id, uri from landing where resource = ?1 order by rowid;

-- name: gap_add
insert into gap (resource, from_value, to_value, reason, noted_at_us) values (?1, ?2, ?3, ?4, ?5)
on conflict (resource, from_value, to_value) do update set reason = excluded.reason;

-- name: gap_list
select from_value as "from", to_value as "to", reason, noted_at_us from gap where resource = ?1 order by rowid;

-- name: gap_clear
delete from gap where resource = ?1;
