{%- macro text(x) -%}{{ 'null' if x is none else literal(x) }}{%- endmacro -%}
{%- macro number(x) -%}{{ 'null' if x is none else x }}{%- endmacro -%}
begin;
delete from {{ relation }} where resource = {{ literal(resource) }} and process_date = {{ literal(process_date) }}::date;
insert into {{ relation }} by name
select * from (values
{% for r in rows %}
    ({{ literal(resource) }}, {{ literal(partner) }}, {{ literal(process_date) }}::date, {{ text(r.table) }}, {{ text(r.status) }},
     {{ text(r.start_time) }}::timestamp, {{ text(r.end_time) }}::timestamp, {{ number(r.duration_sec) }}, {{ number(r.input_size_mb) }},
     {{ number(r.csv_files) }}, {{ number(r.rows_in) }}, {{ number(r.rows_out) }}, {{ number(r.columns) }}, {{ number(r.schema_version) }},
     {{ literal(r.schema_changes_text) }}, {{ literal(r.null_ratio_text) }},
     {{ number(r.timings.list) }}, {{ number(r.timings.read) }}, {{ number(r.timings.decompress) }}, {{ number(r.timings.parse) }}, {{ number(r.timings.write) }},
     {{ number(r.peak_memory_mb) }}, {{ number(r.cpu_sec) }}, {{ number(r.bytes_read) }}, {{ number(r.bytes_written) }}, {{ literal(r.flags_text) }}, {{ literal(run_id) }}){{ '' if loop.last else ',' }}
{% endfor %}
) as day (resource, partner, process_date, table_name, status, start_time, end_time, duration_sec, input_size_mb, csv_files,
    rows_in, rows_out, columns, schema_version, schema_changes, null_ratio, list_sec, read_sec, decompress_sec, parse_sec,
    write_sec, peak_memory_mb, cpu_sec, bytes_read, bytes_written, flags, run_id);
commit
