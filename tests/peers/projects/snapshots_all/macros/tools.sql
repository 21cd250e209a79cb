{% macro loses_column() %}{% do run_query('alter table by_time_new_record drop column dbt_is_deleted') %}{% endmacro %}
