{% macro five() %}5{% endmacro %}
