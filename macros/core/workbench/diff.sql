{#- What `weir diff` asks: two tables or queries beside each other. a, b: relations or queries in brackets. -#}

{#- A name as the database has it: quotes in it are doubled. -#}
{% macro weir__quote(name) -%}
  {{ return(adapter.quote(name | replace('"', '""'))) }}
{%- endmacro %}

{% macro weir__diff_rows(a, b) %}
  {%- call statement('diff', fetch_result=true, auto_begin=false) -%}
    select (select count(*) from {{ a }} as weir_a) as rows_a, (select count(*) from {{ b }} as weir_b) as rows_b
  {%- endcall -%}
  {{ return(load_result('diff').table) }}
{% endmacro %}

{% macro weir__diff_names(columns, prefix='') -%}
  {%- for column in columns -%}
    {{ prefix }}{{ weir__quote(column) }}{{ ', ' if not loop.last }}
  {%- endfor -%}
{%- endmacro %}

{% macro weir__diff_join(keys) -%}
  {%- for key in keys -%}
    weir_a.{{ weir__quote(key) }} = weir_b.{{ weir__quote(key) }}{{ ' and ' if not loop.last }}
  {%- endfor -%}
{%- endmacro %}

{#- Keys of `a` that `b` has not. how_many: none counts them. -#}
{% macro weir__diff_missing(a, b, keys, how_many=none) %}
  {%- call statement('diff', fetch_result=true, auto_begin=false) -%}
    select {% if how_many is none %}count(*) as missing{% else %}{{ weir__diff_names(keys, 'weir_a.') }}{% endif %}

    from {{ a }} as weir_a
    where not exists (select 1 from {{ b }} as weir_b where {{ weir__diff_join(keys) }})
    {%- if how_many is not none %}
    order by {{ weir__diff_names(keys, 'weir_a.') }}
    limit {{ how_many }}
    {%- endif %}
  {%- endcall -%}
  {{ return(load_result('diff').table) }}
{% endmacro %}

{#- How many rows stand behind a key that is there more than once, or null. -#}
{% macro weir__diff_doubles(a, keys) %}
  {%- call statement('diff', fetch_result=true, auto_begin=false) -%}
    select coalesce(sum(weir_n), 0) as doubles from (
      select {{ weir__diff_names(keys) }}, count(*) as weir_n from {{ a }} as weir_a
      group by {{ weir__diff_names(keys) }}
      having count(*) > 1 or {% for key in keys %}{{ weir__quote(key) }} is null{{ ' or ' if not loop.last }}{% endfor %}

    ) as weir_keys
  {%- endcall -%}
  {{ return(load_result('diff').table) }}
{% endmacro %}

{#- One row: for each column, in how many pairs of rows it differs. -#}
{% macro weir__diff_values(a, b, keys, columns) %}
  {%- call statement('diff', fetch_result=true, auto_begin=false) -%}
    select
      {%- for column in columns %}
      sum(case when weir_a.{{ weir__quote(column) }} is distinct from weir_b.{{ weir__quote(column) }} then 1 else 0 end) as {{ weir__quote(column) }}{{ ',' if not loop.last }}
      {%- endfor %}
    from {{ a }} as weir_a join {{ b }} as weir_b on {{ weir__diff_join(keys) }}
  {%- endcall -%}
  {{ return(load_result('diff').table) }}
{% endmacro %}

{% macro weir__diff_value_samples(a, b, keys, column, how_many) %}
  {%- call statement('diff', fetch_result=true, auto_begin=false) -%}
    select {{ weir__diff_names(keys, 'weir_a.') }}, weir_a.{{ weir__quote(column) }} as weir_value_a, weir_b.{{ weir__quote(column) }} as weir_value_b
    from {{ a }} as weir_a join {{ b }} as weir_b on {{ weir__diff_join(keys) }}
    where weir_a.{{ weir__quote(column) }} is distinct from weir_b.{{ weir__quote(column) }}
    order by {{ weir__diff_names(keys, 'weir_a.') }}
    limit {{ how_many }}
  {%- endcall -%}
  {{ return(load_result('diff').table) }}
{% endmacro %}

{#- Without keys: whole rows of `a` that `b` has not, as often as they are there. -#}
{% macro weir__diff_whole(a, b, columns, how_many=none) %}
  {%- call statement('diff', fetch_result=true, auto_begin=false) -%}
    select {% if how_many is none %}count(*) as missing{% else %}*{% endif %} from (
      select {{ weir__diff_names(columns) }} from {{ a }} as weir_a
      except all
      select {{ weir__diff_names(columns) }} from {{ b }} as weir_b
    ) as weir_rows
    {%- if how_many is not none %}
    limit {{ how_many }}
    {%- endif %}
  {%- endcall -%}
  {{ return(load_result('diff').table) }}
{% endmacro %}

{#- Makes another target's database reachable from this one's connection; gives the name it has here. -#}
{% macro weir__diff_attach(database, path) %}
  {{ return(adapter.dispatch('weir__diff_attach', 'dbt')(database, path)) }}
{% endmacro %}

{% macro default__weir__diff_attach(database, path) %}
  {{ exceptions.raise_compiler_error("the two targets are in different databases, and " ~ adapter.type() ~ " reads one at a time: compare their exports, or point a target at the other's database") }}
{% endmacro %}

{% macro duckdb__weir__diff_attach(database, path) %}
  {%- set name = database ~ '__weir_diff' -%}
  {%- call statement('diff', auto_begin=false) -%}
    attach '{{ path | replace("'", "''") }}' as {{ weir__quote(name) }} (read_only)
  {%- endcall -%}
  {{ return(name) }}
{% endmacro %}
