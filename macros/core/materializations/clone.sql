{#- `clone`: relations of another environment stand in for those of this one. -#}

{% macro can_clone_table() %}
  {{ return(adapter.dispatch('can_clone_table', 'dbt')()) }}
{% endmacro %}

{% macro default__can_clone_table() %}
  {{ return(False) }}
{% endmacro %}

{% macro create_or_replace_clone(this_relation, defer_relation) %}
  {{ return(adapter.dispatch('create_or_replace_clone', 'dbt')(this_relation, defer_relation)) }}
{% endmacro %}

{% macro default__create_or_replace_clone(this_relation, defer_relation) %}
    create or replace table {{ this_relation.render() }} clone {{ defer_relation.render() }}
{% endmacro %}


{%- materialization clone, default -%}
  {%- if not defer_relation -%}
    {%- do log('No relation found in state manifest for ' ~ model.unique_id, info=True) -%}
    {{ return({'relations': []}) }}
  {%- endif -%}

  {#- a relation in place of itself would be lost -#}
  {%- if this.database == defer_relation.database and this.schema == defer_relation.schema
         and this.identifier == defer_relation.identifier -%}
    {%- do log('Target relation and defer relation are the same, skipping clone for relation: ' ~ this.render(), info=True) -%}
    {{ return({'relations': []}) }}
  {%- endif -%}

  {%- set existing = load_cached_relation(this) -%}
  {%- if existing and not flags.FULL_REFRESH -%}
    {%- do log('Relation ' ~ existing ~ ' already exists', info=True) -%}
    {{ return({'relations': []}) }}
  {%- endif -%}

  {%- set other = load_cached_relation(defer_relation) -%}
  {%- if can_clone_table() and other and other.type == 'table' -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- if existing is not none and not existing.is_table -%}
      {%- do adapter.ensure_transaction() -%}
      {%- do adapter.drop_relation(existing) -%}
    {%- endif -%}
    {%- call statement('main') -%}
      {{ create_or_replace_clone(target_relation, defer_relation) }}
    {%- endcall -%}
    {%- do adapter.commit() -%}
    {%- do apply_grants(target_relation, config.get('grants'),
                        should_revoke=should_revoke(existing, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ return({'relations': [target_relation]}) }}
  {%- endif -%}

  {#- no cheap copies here: a view over the other relation does, made as views are made: `sql` is
      `select * from` the other one while a clone is at work -#}
  {%- set name = 'materialization_view_' ~ adapter.type() -%}
  {%- set make_view = context[name if name in context else 'materialization_view_default'] -%}
  {{ return(make_view()) }}
{%- endmaterialization -%}
