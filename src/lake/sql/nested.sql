(
    select weir_parent, weir_root, weir_index
{% for c in items %}
        , weir_item.{{ ident(c.key) }} as {{ c.source }}
{% endfor %}
    from (
        select _weir_id as weir_parent, {{ '_weir_root_id' if parent_is_child else '_weir_id' }} as weir_root,
            unnest({{ ident(list_name) }}) as weir_item, generate_subscripts({{ ident(list_name) }}, 1) as weir_index
        from {{ parent_stage }}
{% if deleted %}
        where not {{ is_deleted('') }}
{% endif %}
    )
) as weir_in
