{#- Macros that turn what the exports contain into typed values. All of them give NULL for what they do
    not understand: a test counts those, a failed cast would stop the build. -#}

{#- Text without surrounding blanks; the empty string and the word NULL mean "missing". -#}
{% macro clean_text(column_name) -%}
    nullif(nullif(trim({{ column_name }}), ''), 'NULL')
{%- endmacro %}

{#- A key-like word: status, payment type, category. -#}
{% macro clean_code(column_name) -%}
    lower({{ clean_text(column_name) }})
{%- endmacro %}

{#- Instants come in four spellings, day first where a partner's spreadsheet wrote them. -#}
{% macro parse_timestamp(column_name) -%}
    {%- set formats = [
        '%Y-%m-%d %H:%M:%S',
        '%Y-%m-%dT%H:%M:%SZ',
        '%d/%m/%Y %H:%M',
        '%Y-%m-%d',
    ] -%}
    try_strptime({{ clean_text(column_name) }}, [
        {%- for format in formats %}'{{ format }}'{{ ', ' if not loop.last }}{% endfor -%}
    ])
{%- endmacro %}

{#- Amounts come as 12.90, "12,90" and R$ 12.90. Money is decimal everywhere, never floating point. -#}
{% macro parse_money(column_name, precision=12, scale=2) -%}
    try_cast(
        replace(regexp_replace({{ clean_text(column_name) }}, '^R\$\s*', ''), ',', '.')
        as decimal({{ precision }}, {{ scale }})
    )
{%- endmacro %}

{#- Postal code prefixes have five digits; spreadsheets drop the leading zeros. -#}
{% macro clean_zip(column_name) -%}
    lpad({{ clean_text(column_name) }}, 5, '0')
{%- endmacro %}

{#- One spelling for a city, to join and group by: no accents, no capitals, no ", sp" or " / sp" behind. -#}
{% macro city_key(column_name) -%}
    regexp_replace(
        regexp_replace(strip_accents(lower({{ clean_text(column_name) }})), '\s*[,/]\s*[a-z][a-z]$', ''),
        '\s+', ' ', 'g'
    )
{%- endmacro %}
