{#- What `weir generate` asks the catalogue. -#}

{% macro weir__catalog_tables(database, schema) %}
  {%- call statement('catalog', fetch_result=true, auto_begin=false) -%}
    select table_name
    from information_schema.tables
    where lower(table_schema) = lower('{{ schema | replace("'", "''") }}')
    {%- if database %}
      and lower(table_catalog) = lower('{{ database | replace("'", "''") }}')
    {%- endif %}
    order by table_name
  {%- endcall -%}
  {{ return(load_result('catalog').table) }}
{% endmacro %}
