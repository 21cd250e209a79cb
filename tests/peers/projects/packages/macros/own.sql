{% macro rootp__unused() %}{% endmacro %}
{% macro default__greet(name) %}'root says ' || {{ name }}{% endmacro %}
{% macro shared() %}'root shared'{% endmacro %}
