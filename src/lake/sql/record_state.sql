insert into {{ state }} values ({{ literal(resource) }}, {{ literal(cursor_text) }}, {{ literal(load_id) }}, {{ literal(run_id) }}, {{ instant(now_us) }})
