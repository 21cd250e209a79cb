{#- DuckDB lets nobody drop a table that a foreign key refers to. To rebuild such a table, the tables that
    refer to it are copied without their keys and dropped first, then the copies take their names; each
    gets its keys back when its own model is built, later in the same run. -#}

{#- Constraint types that the model's contract declares. -#}
{% macro enforced_constraint_types() -%}
  {%- set types = [] -%}
  {%- if config.get('contract').enforced -%}
    {%- for constraint in model.get('constraints') or [] -%}
      {%- do types.append(constraint['type'] | string) -%}
    {%- endfor -%}
    {%- for column in (model.get('columns') or {}).values() -%}
      {%- for constraint in column.get('constraints') or [] -%}
        {%- do types.append(constraint['type'] | string) -%}
      {%- endfor -%}
    {%- endfor -%}
  {%- endif -%}
  {%- do return(types) -%}
{%- endmacro %}

{#- Key constraints that the table had when the run began. -#}
{% macro existing_constraint_types(relation) -%}
  {%- do return(adapter.existing_key_constraint_types(relation) if relation else []) -%}
{%- endmacro %}

{% macro has_foreign_key_constraints(relation=none) -%}
  {%- do return('foreign_key' in enforced_constraint_types() + existing_constraint_types(relation)) -%}
{%- endmacro %}

{#- Only keys can be referred to. -#}
{% macro may_be_foreign_key_target(relation=none) -%}
  {%- set types = enforced_constraint_types() + existing_constraint_types(relation) -%}
  {%- do return('primary_key' in types or 'unique' in types) -%}
{%- endmacro %}

{#- Drops the relation and what stands in the way; gives what restore_foreign_key_dependents needs. -#}
{% macro drop_relation_for_rebuild(relation) -%}
  {%- set set_aside = [] -%}
  {%- if relation.is_table and may_be_foreign_key_target(relation)
         and adapter.catalog_supports_foreign_keys(relation.database) -%}
    {%- set set_aside = drop_foreign_key_dependents(relation) -%}
  {%- endif -%}
  {%- do adapter.drop_relation(relation) -%}
  {%- do return(set_aside) -%}
{%- endmacro %}

{% macro drop_foreign_key_dependents(relation) -%}
  {%- set dependents = run_query(weir__foreign_key_dependents_sql(relation)) -%}
  {%- if dependents is none or dependents.rows | length == 0 -%}
    {%- do return([]) -%}
  {%- endif -%}

  {#- a copy has no keys: allowed only where this run builds the table again -#}
  {%- set owners = {} -%}
  {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.database | lower == relation.database | lower
           and node.schema | lower == relation.schema | lower -%}
    {%- do owners.update({(node.alias or node.name) | lower: node}) -%}
  {%- endfor -%}
  {%- set names, problems = [], [] -%}
  {%- for row in dependents -%}
    {%- if row[0] not in names -%}
      {%- do names.append(row[0]) -%}
      {%- set owner = owners.get(row[0] | lower) -%}
      {%- if not owner -%}
        {%- do problems.append(row[0] ~ ' (not a model in this project)') -%}
      {%- elif owner.unique_id not in selected_resources -%}
        {%- do problems.append(row[0] ~ ' (model ' ~ owner.name ~ ' is not selected in this run)') -%}
      {%- endif -%}
    {%- endif -%}
  {%- endfor -%}
  {%- if problems -%}
    {%- do exceptions.raise_compiler_error('Cannot replace ' ~ relation.render()
          ~ ' because DuckDB does not allow replacing a table that a foreign key references; '
          ~ 'tables that refer to it can be set aside only if this run builds them again. Problem tables: '
          ~ problems | join(', ')) -%}
  {%- endif -%}

  {%- set set_aside = [] -%}
  {%- for name in names -%}
    {%- set table = relation.incorporate(path={'identifier': name}, type='table') -%}
    {%- set copy = make_backup_relation(table, 'table', '__dbt_fk_backup') -%}
    {%- do drop_relation_if_exists(load_cached_relation(copy)) -%}
    {%- call statement('set_aside') -%}
      create table {{ copy }} as select * from {{ table }}
    {%- endcall -%}
    {%- do adapter.drop_relation(table) -%}
    {%- do set_aside.append({'copy': copy, 'table': table}) -%}
  {%- endfor -%}
  {%- do return(set_aside) -%}
{%- endmacro %}

{% macro restore_foreign_key_dependents(dropped) -%}
  {%- for pair in dropped -%}
    {%- do adapter.rename_relation(pair['copy'], pair['table']) -%}
  {%- endfor -%}
{%- endmacro %}

{#- Tables that refer to the relation, directly or not, the farthest first. -#}
{% macro weir__foreign_key_dependents_sql(relation) -%}
    with recursive refers as (
      select table_name, referenced_table
      from duckdb_constraints()
      where constraint_type = 'FOREIGN KEY'
        and lower(database_name) = lower('{{ adapter.escape_sql_string(relation.database) }}')
        and lower(schema_name) = lower('{{ adapter.escape_sql_string(relation.schema) }}')
        and lower(table_name) <> lower(referenced_table)
    ),
    reached(table_name, distance) as (
      select table_name, 1
      from refers
      where lower(referenced_table) = lower('{{ adapter.escape_sql_string(relation.identifier) }}')
      union
      select refers.table_name, reached.distance + 1
      from refers
      join reached on lower(refers.referenced_table) = lower(reached.table_name)
    )
    select table_name, max(distance) as distance
    from reached
    group by table_name
    order by distance desc, table_name
{%- endmacro %}
