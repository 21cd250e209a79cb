insert into {{ loads }} values (
    {{ literal(load_id) }}, {{ literal(resource) }}, {{ literal(table) }}, {{ literal(run_id) }}, {{ literal(disposition) }},
    {{ instant(loaded_at_us) }}, {{ report.rows_in }}, {{ report.rows_inserted }}, {{ report.rows_updated }},
    {{ report.rows_deleted }}, {{ report.rows_quarantined }}, {{ report.values_dropped }}, {{ literal(report.changes) }},
    {{ literal(report.details) if report.details else 'null' }}
)
