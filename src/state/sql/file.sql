-- The file itself.

-- name: file_settings
pragma journal_mode = wal;

-- name: file_sync
pragma synchronous = normal;

-- name: file_version
select
    (select user_version from pragma_user_version) as version,
    (select application_id from pragma_application_id) as application,
    (select count(*) from sqlite_schema) as objects;

-- name: file_copy
vacuum into ?1;
