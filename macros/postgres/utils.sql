{#- Functions that go by another name in Postgres. -#}

{#- Postgres 15 has no any_value: the least is one of them. -#}
{% macro postgres__any_value(expression) -%}
    min({{ expression }})
{%- endmacro %}

{% macro postgres__equals(expr1, expr2) -%}
{%- set same = ' IS NOT DISTINCT FROM ' if adapter.behavior.enable_truthy_nulls_equals_macro.no_warn else ' = ' -%}
    ({{ expr1 ~ same ~ expr2 }})
{%- endmacro %}

{% macro postgres__split_part(string_text, delimiter_text, part_number) %}

  {% if part_number < 0 %}
    {{ dbt._split_part_negative(string_text, delimiter_text, part_number) }}
  {% else %}
    {{ dbt.default__split_part(string_text, delimiter_text, part_number) }}
  {% endif %}

{% endmacro %}

{#- With a limit: a slice of the array of all. -#}
{% macro postgres__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
  {%- set order = order_by_clause or '' -%}
  {%- if limit_num -%}
    array_to_string(
        (array_agg(
            {{ measure }}
            {{ order }}
        ))[1:{{ limit_num }}],
        {{ delimiter_text }}
        )
  {%- else %}
    string_agg(
        {{ measure }},
        {{ delimiter_text }}
        {{ order }}
        )
  {%- endif -%}
{%- endmacro %}

{% macro postgres__dateadd(datepart, interval, from_date_or_timestamp) %}

    {{ from_date_or_timestamp }} + ((interval '1 {{ datepart }}') * ({{ interval }}))

{% endmacro %}

{#- Boundaries of periods between two times: each part is that of the next larger one, counted in it, and the
    difference of the parts themselves. -#}
{% macro postgres__datediff(first_date, second_date, datepart) -%}
  {%- set larger = {'quarter': ['year', 4], 'month': ['year', 12], 'hour': ['day', 24], 'minute': ['hour', 60],
                    'second': ['minute', 60], 'millisecond': ['minute', 60000],
                    'microsecond': ['minute', 60000000]} -%}
  {%- set head, tail = '\n        ', '\n    ' -%}
  {%- if datepart == 'day' -%}
    {{ head }}(({{ second_date }})::date - ({{ first_date }})::date){{ tail }}
  {%- elif datepart == 'week' -%}
    {{ head }}({{ datediff(first_date, second_date, 'day') }} / 7 + case
            when date_part('dow', ({{ first_date }})::timestamp) <= date_part('dow', ({{ second_date }})::timestamp) then
                case when {{ first_date }} <= {{ second_date }} then 0 else -1 end
            else
                case when {{ first_date }} <= {{ second_date }} then 1 else 0 end
        end){{ tail }}
  {%- elif datepart == 'year' or datepart in larger -%}
    {%- set type = 'date' if datepart in ['year', 'quarter', 'month'] else 'timestamp' -%}
    {%- set ends = [] -%}
    {%- for moment in [second_date, first_date] -%}
      {%- set part = "date_part('" ~ datepart ~ "', (" ~ moment ~ ")::" ~ type ~ ")" -%}
      {%- do ends.append('floor(' ~ part ~ ')' if 'second' in datepart else part) -%}
    {%- endfor -%}
    {{ head }}(
    {%- if datepart in larger -%}
      {{ datediff(first_date, second_date, larger[datepart][0]) }} * {{ larger[datepart][1] }} + {{ '' }}
    {%- endif -%}
    {{ ends | join(' - ') }}){{ tail }}
  {%- else -%}
    {%- do exceptions.raise_compiler_error("Unsupported datepart for macro datediff in postgres: '" ~ datepart ~ "'") -%}
  {%- endif -%}
{%- endmacro %}

{#- There is no interval of a quarter. -#}
{% macro postgres__last_day(date, datepart) -%}
  {%- if datepart != 'quarter' -%}
    {{ return(dbt.default_last_day(date, datepart)) }}
  {%- endif -%}
  {%- set next_quarter = dbt.dateadd('month', '3', dbt.date_trunc('quarter', date)) -%}
    cast(
        {{ dbt.dateadd('day', '-1', next_quarter) }}
        as date)
{%- endmacro %}
