create table if not exists {{ quarantine }} (
    load_id varchar, quarantined_at timestamp, reason varchar, column_name varchar, value varchar, source_file varchar,
    line bigint, record varchar
)
