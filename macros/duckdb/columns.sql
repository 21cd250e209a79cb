{#- DESCRIBE answers for tables, views and temporary tables alike, without a scan of the catalog. -#}

{% macro duckdb__get_columns_in_relation(relation) -%}
  {%- call statement('get_columns_in_relation', fetch_result=True, auto_begin=False) -%}
    select
        column_name,
        column_type as data_type,
        null::bigint as character_maximum_length,
        null::bigint as numeric_precision,
        null::bigint as numeric_scale
    from (describe {{ relation.render() }})
  {%- endcall -%}
  {{ return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) }}
{% endmacro %}

{% macro duckdb__get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
    {{ select_sql_header if select_sql_header is not none }}
    select * from (
        {{ select_sql }}
    ) as __dbt_sbq
    where false
    limit 0
{%- endmacro %}
