{#- The cross-database functions where DuckDB's own differ from the default. -#}

{% macro duckdb__current_timestamp() -%}
    now()
{%- endmacro %}

{#- The first value that is not null. -#}
{% macro duckdb__any_value(expression) -%}
    arbitrary({{ expression }})
{%- endmacro %}

{% macro duckdb__date(year, month, day) -%}
    make_date({{ year }}, {{ month }}, {{ day }})
{%- endmacro %}

{#- By multiplication: an interval literal takes no expression. A quarter is three months. -#}
{% macro duckdb__dateadd(datepart, interval, from_date_or_timestamp) %}
  {%- set count = 'cast(' ~ interval ~ ' as bigint)' -%}
  {%- if datepart | lower == 'quarter' %}

    ({{ from_date_or_timestamp }} + ({{ count }} * 3) * interval 1 month)
  {%- else %}

    ({{ from_date_or_timestamp }} + {{ count }} * interval 1 {{ datepart }})
  {%- endif -%}
{% endmacro %}

{#- Weeks begin on Sundays here, with DuckDB's date_diff on Mondays. -#}
{% macro duckdb__datediff(first_date, second_date, datepart) %}
    {%- if datepart == 'week' %}
            ({{ dbt.datediff(first_date, second_date, 'day') }} // 7 + case
            when date_part('dow', ({{ first_date }})::timestamp) <= date_part('dow', ({{ second_date }})::timestamp) then
                case when {{ first_date }} <= {{ second_date }} then 0 else -1 end
            else
                case when {{ first_date }} <= {{ second_date }} then 1 else 0 end
        end)
    {%- else %}
        (date_diff('{{ datepart }}', {{ first_date }}::timestamp, {{ second_date }}::timestamp ))
    {%- endif %}
    {% endmacro %}

{% macro duckdb__last_day(date, datepart) -%}
  {%- if datepart | lower == 'quarter' -%}
    cast(
        {{ dbt.dateadd('day', '-1',
             dbt.dateadd('month', '3', dbt.date_trunc(datepart, date))) }}
        as date)
  {%- else -%}
    {{ dbt.default_last_day(date, datepart) }}
  {%- endif -%}
{%- endmacro %}

{% macro duckdb__listagg(measure, delimiter_text, order_by_clause, limit_num) -%}
  {%- set order = order_by_clause or '' -%}
  {%- if limit_num -%}
    list_aggr(
        (array_agg(
            {{ measure }}
            {{ order }}
        ))[1:{{ limit_num }}],
        'string_agg',
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

{% macro duckdb__split_part(string_text, delimiter_text, part_number) %}
    string_split({{ string_text }}, {{ delimiter_text }})[ {{ part_number }} ]
{% endmacro %}

{% macro duckdb__generate_series(upper_bound) %}
    select
        generate_series as generated_number
    from generate_series(1, {{ upper_bound }})
{% endmacro %}
