{#- Small questions to config and command line. -#}

{#- `call set_sql_header(config)`: text that stands before the statement that builds the model. -#}
{% macro set_sql_header(config) -%}
  {{ config.set('sql_header', caller()) }}
{%- endmacro %}

{#- The node's own setting wins over --full-refresh. -#}
{% macro should_full_refresh() %}
  {%- set own = config.get('full_refresh') -%}
  {%- do return(flags.FULL_REFRESH if own is none else own) -%}
{% endmacro %}

{#- The test's own setting wins over --store-failures. -#}
{% macro should_store_failures() %}
  {%- set own = config.get('store_failures') -%}
  {%- do return(flags.STORE_FAILURES if own is none else own) -%}
{% endmacro %}
