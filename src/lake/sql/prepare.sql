create schema if not exists {{ home }};

create table if not exists {{ loads }} (
    load_id varchar, resource varchar, table_name varchar, run_id varchar, disposition varchar, loaded_at timestamp,
    rows_in bigint, rows_inserted bigint, rows_updated bigint, rows_deleted bigint, rows_quarantined bigint,
    values_dropped bigint, changes varchar, details varchar
);

create table if not exists {{ state }} (resource varchar, cursor varchar, load_id varchar, run_id varchar, updated_at timestamp);

create table if not exists {{ files }} (
    resource varchar, name varchar, size bigint, etag varchar, modified_at_us bigint, load_id varchar, loaded_at timestamp
)
