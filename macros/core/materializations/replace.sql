{#- How the default materializations put a new relation where an old one may stand, without a moment
    in which a reader finds neither: built beside, then swapped, all in one transaction. -#}

{% macro weir__replace_relation(target_relation, existing_relation, code) -%}
  {%- do adapter.ensure_transaction() -%}
  {%- if existing_relation is none -%}
    {%- call statement('main') -%}
      {{ get_create_sql(target_relation, code) }}
    {%- endcall -%}
  {%- else -%}
    {%- set beside = make_intermediate_relation(target_relation) -%}
    {%- do drop_relation_if_exists(load_cached_relation(beside)) -%}
    {%- call statement('main') -%}
      {{ get_create_sql(beside, code) }}
    {%- endcall -%}
    {%- do adapter.drop_relation(existing_relation) -%}
    {%- do adapter.rename_relation(beside, target_relation) -%}
  {%- endif -%}
{%- endmacro %}
