-- Runs and attempts of nodes.

-- name: run_begin
insert into run (run_id, command, status, started_at_us) values (?1, ?2, 'running', ?3)
on conflict (run_id) do update
    set command = excluded.command, status = excluded.status, started_at_us = excluded.started_at_us, ended_at_us = null;

-- name: run_end
update run set status = ?2, ended_at_us = ?3 where run_id = ?1;

-- name: attempt_add
insert into attempt (run_id, resource, row_json) values (?1, ?2, ?3);

-- name: attempt_list
select run_id, row_json from attempt order by attempt_id desc limit ?1;

-- name: attempt_list_of
select run_id, row_json from attempt where resource = ?2 order by attempt_id desc limit ?1;
