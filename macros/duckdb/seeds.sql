{#- Seeds: DuckDB reads the file itself, many times faster than bound inserts. -#}

{% macro duckdb__get_binding_char() %}
  {{ return(adapter.get_binding_char()) }}
{% endmacro %}

{% macro duckdb__get_batch_size() %}
  {{ return(10000) }}
{% endmacro %}

{% macro duckdb__load_csv_rows(model, agate_table) %}
  {%- if config.get('fast', true) -%}
    {%- set copy -%}
      copy {{ this.render() }} from '{{ adapter.escape_sql_string(adapter.get_seed_file_path(model)) }}' (format csv, header true, delimiter '{{ adapter.escape_sql_string(config.get('delimiter', ',')) }}')
    {%- endset -%}
    {%- do adapter.add_query(copy, abridge_sql_log=True) -%}
    {{ return(copy) }}
  {%- endif -%}
  {{ return(default__load_csv_rows(model, adapter.convert_datetimes_to_strs(agate_table))) }}
{% endmacro %}
