{% macro default__current_timestamp() %}'overridden now'{% endmacro %}
{% macro duckdb__current_timestamp() %}'overridden duck now'{% endmacro %}
{% macro ref(model_name) %}
    {% set rel = builtins.ref(*varargs, **kwargs) if false else builtins.ref(model_name) %}
    {{ return(rel) }}
{% endmacro %}
