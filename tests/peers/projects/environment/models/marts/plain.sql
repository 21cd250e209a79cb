select '{{ model.unique_id }}' as id, '{{ model.fqn | join(".") }}' as fqn, '{{ model.config.schema }}' as sch from {{ ref('aliased') }}
