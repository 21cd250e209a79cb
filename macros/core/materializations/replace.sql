{#- How the default materializations put a new relation where an old one may stand, without a moment
    in which a reader finds neither: built beside, then swapped, all in one transaction. -#}

{% macro weir__replace_relation(target_relation, existing_relation, code) -%}
  {%- do adapter.ensure_transaction() -%}
  {%- set beside = make_intermediate_relation(target_relation) -%}
  {%- do drop_relation_if_exists(load_cached_relation(beside)) -%}
  {%- call statement('main') -%}
    {{ get_create_sql(beside, code) }}
  {%- endcall -%}
  {%- if existing_relation is not none -%}
    {%- do adapter.drop_relation(existing_relation) -%}
  {%- endif -%}
  {%- do adapter.rename_relation(beside, target_relation) -%}
{%- endmacro %}
