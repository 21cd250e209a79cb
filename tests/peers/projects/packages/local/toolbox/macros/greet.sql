{% macro greet(name) %}{{ return(adapter.dispatch('greet', 'toolbox')(name)) }}{% endmacro %}
{% macro default__greet(name) %}'toolbox says ' || {{ name }}{% endmacro %}
{% macro secret() %}{{ return('toolbox secret') }}{% endmacro %}
{% macro shared() %}'toolbox shared'{% endmacro %}
{% macro uses_shared() %}{{ shared() }}{% endmacro %}
{% test never_zero(model, column_name) %}select * from {{ model }} where {{ column_name }} = 0{% endtest %}
