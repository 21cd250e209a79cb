{% macro size_of(x) %}{{ return(adapter.dispatch('size_of', 'macros')(x)) }}{% endmacro %}
{% macro default__size_of(x) %}default({{ x }}){% endmacro %}
{% macro duckdb__size_of(x) %}length({{ x }}){% endmacro %}
{% macro postgres__size_of(x) %}octet_length({{ x }}){% endmacro %}
{% macro only_default() %}{{ adapter.dispatch('only_default')() }}{% endmacro %}
{% macro default__only_default() %}'by default'{% endmacro %}
