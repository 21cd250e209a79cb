-- The first state of weir. Instants are microseconds since 1970-01-01 UTC; *_json columns hold JSON.
pragma application_id = 2003134834;

create table run (
    run_id        text primary key,
    command       text not null,
    status        text,
    started_at_us integer not null,
    ended_at_us   integer
) without rowid;

create table attempt (
    attempt_id integer primary key,
    run_id     text not null,
    resource   text not null,
    row_json   text not null
);
create index attempt_by_resource on attempt (resource, attempt_id);

create table landing (
    resource text not null,
    load_id  text not null,
    uri      text not null,
    unique (resource, load_id, uri)
);

create table gap (
    resource    text not null,
    from_value  text not null,
    to_value    text not null,
    reason      text not null,
    noted_at_us integer not null,
    unique (resource, from_value, to_value)
);

create table table_version (
    table_name   text not null,
    version      integer not null,
    columns_json text not null,
    first_seen_us integer not null,
    last_seen_us integer not null,
    run_id       text not null,
    primary key (table_name, version)
) without rowid;

create table table_column (
    table_name    text not null,
    column_name   text not null,
    type          text not null,
    first_seen_us integer not null,
    last_seen_us  integer not null,
    run_id        text not null,
    primary key (table_name, column_name)
) without rowid;

create table lease (
    name       text primary key,
    host       text not null,
    pid        integer not null,
    born       integer not null,  -- when the process began, in its kernel's ticks
    since_us   integer not null,
    until_us   integer not null
) without rowid;
