insert into {{ quarantine }} (load_id, quarantined_at, reason, column_name, value, record)
select {{ literal(load_id) }}, {{ instant(loaded_at_us) }}, bad.reason, bad.column_name, bad.value, record
from (select unnest(_weir_bad) as bad, _weir_record as record from {{ bad_stage }})
