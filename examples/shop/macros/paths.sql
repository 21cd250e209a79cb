{#- The folder that a gold model's Parquet file is written to. -#}
{% macro gold_location(model_name) -%}
    {{ return(env_var('SHOP_LAKE', var('lake_dir')) ~ '/gold/' ~ model_name ~ '.parquet') }}
{%- endmacro %}
