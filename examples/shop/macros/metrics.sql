{#- A ratio rounded to four digits; NULL if there is nothing to divide by. -#}
{% macro ratio(numerator, denominator) -%}
    round(({{ numerator }}) / nullif({{ denominator }}, 0), 4)
{%- endmacro %}

{#- An average amount as money. -#}
{% macro average_money(total, parts) -%}
    cast(({{ total }}) / nullif({{ parts }}, 0) as decimal(12, 2))
{%- endmacro %}

{#- Whole days from one date or instant to another; counts midnights, as people do. -#}
{% macro days_between(earlier, later) -%}
    date_diff('day', cast({{ earlier }} as date), cast({{ later }} as date))
{%- endmacro %}

{#- One column per value: sum_by('payment_type', ['boleto'], 'payment_value') -> boleto_payment_value. -#}
{% macro sum_by(column_name, values, amount) -%}
    {%- for value in values %}
    sum(case when {{ column_name }} = '{{ value }}' then {{ amount }} else 0 end)
        as {{ value }}_{{ amount }}{{ "," if not loop.last }}
    {%- endfor %}
{%- endmacro %}
