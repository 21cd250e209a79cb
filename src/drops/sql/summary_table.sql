create table if not exists {{ relation }} (
    resource varchar, partner varchar, process_date date, table_name varchar, status varchar,
    start_time timestamp, end_time timestamp, duration_sec double, input_size_mb double, csv_files bigint,
    rows_in bigint, rows_out bigint, columns bigint, schema_version bigint, schema_changes varchar, null_ratio varchar,
    list_sec double, read_sec double, decompress_sec double, parse_sec double, write_sec double,
    peak_memory_mb double, cpu_sec double, bytes_read bigint, bytes_written bigint, flags varchar, run_id varchar
)
