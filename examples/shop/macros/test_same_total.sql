{#- A total here equals a total there, to the cent. Generic tests may live beside the macros too. -#}
{% test same_total(model, column_name, compare_model, compare_column, compare_where='true') %}

with

here as (
    select coalesce(sum({{ column_name }}), 0) as total from {{ model }}
),

there as (
    select coalesce(sum({{ compare_column }}), 0) as total
    from {{ compare_model }}
    where {{ compare_where }}
)

select
    here.total as total_here,
    there.total as total_there
from here
cross join there
where here.total <> there.total

{% endtest %}
