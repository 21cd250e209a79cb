select 1 from {{ loads }} where load_id = {{ literal(load_id) }} and resource = {{ literal(resource) }} limit 1
