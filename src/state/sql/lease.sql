-- Leases: who may work on what.

-- name: lease_find
select host, pid, born, since_us, until_us from lease where name = ?1;

-- name: lease_put
insert into lease (name, host, pid, born, since_us, until_us) values (?1, ?2, ?3, ?4, ?5, ?6)
on conflict (name) do update set
    host = excluded.host, pid = excluded.pid, born = excluded.born, since_us = excluded.since_us, until_us = excluded.until_us;

-- name: lease_remove
delete from lease where name = ?1 and host = ?2 and pid = ?3 and born = ?4;
