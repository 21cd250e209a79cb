{#- Putting a newly built table in its place.

    No table yet:           create it under its own name.
    A table, nothing odd:   `create or replace`, one statement.
    Anything else:          build beside it, drop the old, rename; in one transaction. That is: another kind
                            of relation, a contract, or a create_table_as of the project's own.
    A table with a foreign key cannot be renamed in DuckDB: dropped, then built under its own name, in
    one transaction as well.

    `alone`: no other statement belongs to this build, so one statement can be its own transaction. -#}

{% macro weir__swap_in_table(target_relation, existing_relation, code, language='sql', alone=false) -%}
  {%- if existing_relation is none -%}
    {%- set ddl = create_table_as(False, target_relation, code, language) -%}
    {%- if not alone or config.get('contract').enforced -%}
      {%- do adapter.ensure_transaction() -%}
    {%- endif -%}
    {%- do weir__main_statement(ddl, language) -%}
    {%- do return('') -%}
  {%- endif -%}

  {%- set keys = existing_constraint_types(existing_relation) if existing_relation.is_table else [] -%}
  {%- if 'foreign_key' in keys or 'foreign_key' in enforced_constraint_types() -%}
    {%- do adapter.ensure_transaction() -%}
    {%- set set_aside = drop_relation_for_rebuild(existing_relation) -%}
    {%- do weir__main_statement(create_table_as(False, target_relation, code, language), language) -%}
    {%- do restore_foreign_key_dependents(set_aside) -%}
    {%- do return('') -%}
  {%- endif -%}

  {%- if existing_relation.is_table and not keys and language == 'sql' -%}
    {%- set ddl = create_table_as(False, target_relation, code, language) -%}
    {%- if 'create or replace table ' ~ target_relation in ddl -%}
      {%- if not alone -%}
        {%- do adapter.ensure_transaction() -%}
      {%- endif -%}
      {%- do weir__main_statement(ddl, language) -%}
      {%- do return('') -%}
    {%- endif -%}
  {%- endif -%}

  {%- do adapter.ensure_transaction() -%}
  {%- set beside = make_intermediate_relation(target_relation) -%}
  {%- do drop_relation_if_exists(load_cached_relation(beside)) -%}
  {%- do weir__main_statement(create_table_as(False, beside, code, language), language) -%}
  {%- set set_aside = drop_relation_for_rebuild(existing_relation) -%}
  {%- do adapter.rename_relation(beside, target_relation) -%}
  {%- do restore_foreign_key_dependents(set_aside) -%}
{%- endmacro %}

{% macro weir__main_statement(ddl, language='sql') -%}
  {%- call statement('main', auto_begin=False, language=language) -%}
    {{- ddl -}}
  {%- endcall -%}
{%- endmacro %}

{#- Views: `create or replace` again; a relation of another kind goes first, in the same transaction. -#}
{% macro duckdb__weir__replace_view(target_relation, existing_relation, code) -%}
  {%- set ddl = get_create_view_as_sql(target_relation, code) -%}
  {%- set in_place = existing_relation is none
        or (existing_relation.is_view and 'create or replace view ' ~ target_relation in ddl) -%}
  {%- if not (in_place and weir__stands_alone()) -%}
    {%- do adapter.ensure_transaction() -%}
  {%- endif -%}
  {%- set set_aside = [] if in_place else drop_relation_for_rebuild(existing_relation) -%}
  {%- do weir__main_statement(ddl) -%}
  {%- do restore_foreign_key_dependents(set_aside) -%}
{%- endmacro %}

{#- Does nothing but the build itself belong to this node's transaction? -#}
{% macro weir__stands_alone() -%}
  {%- do return(not (pre_hooks or post_hooks or config.get('indexes')
                     or config.persist_relation_docs() or config.persist_column_docs())) -%}
{%- endmacro %}
