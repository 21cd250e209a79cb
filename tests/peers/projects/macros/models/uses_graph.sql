-- depends_on: {{ ref('base') }}
{% set names = [] %}
{% if execute %}
{% for node in graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | sort(attribute='name') %}
{% do names.append(node.name ~ ':' ~ node.config.materialized) %}
{% endfor %}
{% endif %}
select '{{ names | join(" ") }}' as all_models, '{{ model.depends_on.nodes | join(",") }}' as parents,
    '{{ config.get("materialized") }}' as mat, '{{ config.get("nothing", "fallback") }}' as missing
