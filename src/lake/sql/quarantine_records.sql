insert into {{ quarantine }} (load_id, quarantined_at, reason, column_name, value, source_file, line, record)
select {{ literal(load_id) }}, {{ instant(loaded_at_us) }}, reason, nullif(column_name, ''), value, source_file, line, record from weir_bad
