{#- Folders name their schema outright (staging, ods, marts, …) instead of dbt's <target>_<custom>:
    everything lives in one DuckDB file, so there is nothing to keep apart. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none -%}
        {{ target.schema }}
    {%- else -%}
        {{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
