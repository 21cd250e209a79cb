{#- The expression holds for every row; NULL does not count as true. -#}
{% test is_true(model, expression, column_name=none) %}

select *
from {{ model }}
where not coalesce(
    {{ column_name ~ ' ' if column_name is not none }}{{ expression }},
    false
)

{% endtest %}
