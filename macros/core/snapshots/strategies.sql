{#- How a snapshot tells that a row has changed. A strategy gives a dict: unique_key, updated_at,
    row_changed and scd_id (SQL), hard_deletes, invalidate_hard_deletes. -#}

{#- 'name' or 'package.name' -> the macro snapshot_<name>_strategy. -#}
{% macro strategy_dispatch(name) -%}
  {%- set parts = name.split('.') -%}
  {%- if parts | length > 2 -%}
    {%- do exceptions.raise_compiler_error(
          'Invalid value for snapshot strategy: ' ~ name ~ '. Expected strategy or package.strategy') -%}
  {%- endif -%}
  {%- set where = context -%}
  {%- if parts | length == 2 -%}
    {%- set where = context.get(parts[0]) -%}
    {%- if where is none -%}
      {%- do exceptions.raise_compiler_error("Could not find package '" ~ parts[0] ~ "', called with '" ~ name ~ "'") -%}
    {%- endif -%}
  {%- endif -%}
  {%- set wanted = 'snapshot_' ~ parts[-1] ~ '_strategy' -%}
  {%- if wanted not in where -%}
    {%- do exceptions.raise_compiler_error("The specified strategy macro '" ~ wanted ~ "' was not found"
          ~ (" in package '" ~ parts[0] ~ "'" if parts | length == 2 else '')) -%}
  {%- endif -%}
  {{ return(where[wanted]) }}
{%- endmacro %}


{% macro snapshot_hash_arguments(args) -%}
  {{ adapter.dispatch('snapshot_hash_arguments', 'dbt')(args) }}
{%- endmacro %}

{% macro default__snapshot_hash_arguments(args) -%}
    md5({%- for arg in args -%}
        coalesce(cast({{ arg }} as varchar ), '')
        {% if not loop.last %} || '|' || {% endif %}
    {%- endfor -%})
{%- endmacro %}


{#- A newer updated_at is a change. -#}
{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {%- set updated_at = config.get('updated_at') -%}
  {%- set columns = config.get('snapshot_table_column_names') or get_snapshot_table_column_names() -%}
  {%- set changed = '(' ~ snapshotted_rel ~ '.' ~ columns.dbt_valid_from ~ ' < ' ~ current_rel ~ '.' ~ updated_at ~ ')' -%}
  {%- do return(weir__snapshot_strategy(updated_at, changed)) -%}
{% endmacro %}

{% macro weir__snapshot_strategy(updated_at, row_changed) -%}
  {%- set unique_key = config.get('unique_key') -%}
  {%- set deletes = adapter.get_hard_deletes_behavior(config) -%}
  {%- do return({
        'unique_key': unique_key,
        'updated_at': updated_at,
        'row_changed': row_changed,
        'scd_id': snapshot_hash_arguments(api.Relation.scd_args(unique_key, updated_at)),
        'invalidate_hard_deletes': deletes == 'invalidate',
        'hard_deletes': deletes
      }) -%}
{%- endmacro %}


{% macro snapshot_string_as_time(timestamp) -%}
  {{ adapter.dispatch('snapshot_string_as_time', 'dbt')(timestamp) }}
{%- endmacro %}

{% macro default__snapshot_string_as_time(timestamp) %}
  {%- do exceptions.raise_not_implemented(
        'snapshot_string_as_time macro not implemented for adapter ' ~ adapter.type()) -%}
{% endmacro %}


{#- (has the query a column that the table lacks, the columns to compare) -#}
{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) -%}
  {%- if not target_exists -%}
    {{ return((false, [])) }}
  {%- endif -%}

  {%- if check_cols_config == 'all' -%}
    {%- set wanted = get_columns_in_query(node['compiled_code']) -%}
  {%- elif check_cols_config is iterable and check_cols_config is not string and check_cols_config | length > 0 -%}
    {#- by a query, so that the names are spelled as the database spells them -#}
    {%- set wanted = get_columns_in_query('select ' ~ check_cols_config | join(', ')
                                          ~ ' from (\n' ~ node['compiled_code'] ~ '\n) subq') -%}
  {%- else -%}
    {%- do exceptions.raise_compiler_error("Invalid value for 'check_cols': " ~ check_cols_config) -%}
  {%- endif -%}

  {%- set here = load_relation(this) or api.Relation.create(
        database=node.database, schema=node.schema, identifier=node.alias) -%}
  {%- set stored = adapter.get_columns_in_relation(here) | map(attribute='name') | map('lower') | list -%}
  {%- set shared = [] -%}
  {%- for name in wanted if name | lower in stored -%}
    {%- do shared.append(adapter.quote(name)) -%}
  {%- endfor -%}
  {{ return((shared | length < wanted | length, shared)) }}
{%- endmacro %}


{#- Another value in one of the columns is a change. -#}
{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
  {%- set updated_at = config.get('updated_at') or snapshot_get_time() -%}
  {%- set found = snapshot_check_all_get_existing_columns(node, target_exists, config.get('check_cols')) -%}
  {%- set column_added, names = found[0], found[1] -%}

  {%- set changed -%}
    (
    {%- if column_added -%}
        {{ get_true_sql() }}
    {%- else -%}
      {%- for name in names -%}
        {%- set old, new = snapshotted_rel ~ '.' ~ name, current_rel ~ '.' ~ name -%}
        {{ old }} != {{ new }}
        or
        (
            (({{ old }} is null) and not ({{ new }} is null))
            or
            ((not {{ old }} is null) and ({{ new }} is null))
        )
        {%- if not loop.last %} or {% endif -%}
      {%- endfor -%}
    {%- endif -%}
    )
  {%- endset -%}
  {%- do return(weir__snapshot_strategy(updated_at, changed)) -%}
{% endmacro %}
