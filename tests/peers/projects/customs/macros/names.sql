{% macro generate_schema_name(custom_schema_name, node) %}{{ (custom_schema_name or 'base') | trim }}_{{ target.name }}{% endmacro %}
{% macro generate_alias_name(custom_alias_name=none, node=none) %}{{ 'x_' ~ (custom_alias_name or node.name) }}{% endmacro %}
{% macro generate_database_name(custom_database_name=none, node=none) %}{{ return(target.database) }}{% endmacro %}
{% macro my_comment(node) %}{{ 'by ' ~ (node.name if node else 'nobody') }}{% endmacro %}
{% macro note(what) %}insert into hooks.log values ('{{ what }}'){% endmacro %}
{% macro get_custom_sql(x) %}{{ return('select ' ~ x) }}{% endmacro %}
{% materialization twice, adapter='duckdb', supported_languages=['sql'] %}
  {% set target = this.incorporate(type='table') %}
  {{ run_hooks(pre_hooks) }}
  {% call statement('main') %}
    create or replace table {{ target }} as (select * from ({{ sql }}) union all select * from ({{ sql }}))
  {% endcall %}
  {{ run_hooks(post_hooks) }}
  {% do persist_docs(target, model) %}
  {{ adapter.commit() }}
  {{ return({'relations': [target]}) }}
{% endmaterialization %}
{% materialization view, default %}
  {% set target = this.incorporate(type='view') %}
  {% call statement('main') %}create or replace view {{ target }} as {{ sql }}{% endcall %}
  {{ adapter.commit() }}
  {{ return({'relations': [target]}) }}
{% endmaterialization %}
{% materialization wrong_return, default %}
  {% call statement('main') %}select 1{% endcall %}
{% endmaterialization %}
{% materialization no_main, default %}
  {{ return({'relations': []}) }}
{% endmaterialization %}
{% macro log_comment() %}{{ print(note('x')) }}{% endmacro %}
