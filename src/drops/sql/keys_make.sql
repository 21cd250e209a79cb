create or replace temp table weir_drop_keys (
    place bigint{% for k in keys %}, k{{ loop.index0 }} {{ k.type }}{% endfor %}{{ ', origin varchar' if has_origin else '' }}
)
