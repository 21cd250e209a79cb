{#- MERGE, with everything DuckDB's statement can do: short configs for the usual cases, or
    `merge_clauses` that spell out each branch. -#}

{% macro duckdb__get_incremental_merge_sql(args_dict) %}
  {%- do return(get_merge_sql(args_dict['target_relation'], args_dict['temp_relation'],
        args_dict['unique_key'], args_dict['dest_columns'], args_dict['incremental_predicates'])) -%}
{% endmacro %}

{% macro duckdb__get_merge_sql(target, source, unique_key, dest_columns, incremental_predicates=none) -%}
  {%- do validate_merge_config(config, target) -%}
  {%- set given = config.get('merge_clauses', {}) or {} -%}
  {%- set usual = merge_clause_defaults(config.get('merge_update_condition', none), config.get('merge_insert_condition', none),
        config.get('merge_update_columns', []), config.get('merge_exclude_columns', []),
        config.get('merge_update_set_expressions', {})) -%}
  {%- set returning = config.get('merge_returning_columns', []) -%}
  {%- set header = config.get('sql_header', none) -%}

  {{ header if header is not none }}
    merge into {{ target }} as DBT_INTERNAL_DEST
        using {{ source }} as DBT_INTERNAL_SOURCE
        {{ duckdb__merge_join_clause(unique_key, config.get('merge_on_using_columns', []), incremental_predicates) }}
    {%- for clause in given.get('when_matched', usual['when_matched']) %}
    when matched {{ weir__merge_condition(clause) }}
    then {{ weir__merge_matched_action(clause, dest_columns) }}
    {%- endfor %}
    {%- for clause in given.get('when_not_matched', usual['when_not_matched']) %}
    when not matched {{ 'by ' ~ clause.get('by') if clause.get('by') }} {{ weir__merge_condition(clause) }}
    then {{ weir__merge_unmatched_action(clause) }}
    {%- endfor %}
    {%- if returning %}
    returning {{ returning | join(', ') }}
    {%- endif %}
{%- endmacro %}

{#- USING when columns are named for it; ON for keys and predicates. -#}
{% macro duckdb__merge_join_clause(unique_key, merge_on_using_columns, incremental_predicates) -%}
  {%- if merge_on_using_columns -%}
    using ({{ merge_on_using_columns | join(', ') }})
    {%- if incremental_predicates -%}
      {%- do exceptions.raise_compiler_error(
            'merge_on_using_columns cannot be combined with incremental_predicates: a MERGE has either USING or ON') -%}
    {%- endif -%}
  {%- else -%}
    {%- set conditions = [] -%}
    {%- for key in ([unique_key] if unique_key is string else unique_key or []) -%}
      {%- do conditions.append('DBT_INTERNAL_SOURCE.' ~ key ~ ' = DBT_INTERNAL_DEST.' ~ key) -%}
    {%- endfor -%}
    {%- if not conditions -%}
      {%- do conditions.append('FALSE') -%}
    {%- endif -%}
    on ({{ (conditions + normalize_incremental_predicates(incremental_predicates)) | join(') and (') }})
  {%- endif -%}
{%- endmacro %}

{#- The two clauses that the short configs stand for. -#}
{% macro merge_clause_defaults(merge_update_condition, merge_insert_condition, merge_update_columns=[], merge_exclude_columns=[], merge_update_set_expressions={}) -%}
  {%- set update = {'action': 'update', 'mode': 'by_name', 'condition': merge_update_condition} -%}
  {%- if merge_update_columns or merge_exclude_columns or merge_update_set_expressions -%}
    {%- do update.update({'mode': 'explicit', 'update': {'include': merge_update_columns,
          'exclude': merge_exclude_columns, 'set_expressions': merge_update_set_expressions}}) -%}
  {%- endif -%}
  {%- do return({
        'when_matched': [update],
        'when_not_matched': [{'action': 'insert', 'mode': 'by_name', 'condition': merge_insert_condition}]
      }) -%}
{%- endmacro %}

{% macro weir__merge_condition(clause) -%}
  {{ 'and ' ~ clause.get('condition') if clause.get('condition') }}
{%- endmacro %}

{#- Actions that both kinds of clauses know; '' for the others. -#}
{% macro weir__merge_common_action(clause) -%}
  {%- if clause.get('action') in ['delete', 'do_nothing'] -%}
    {{ clause.get('action') | replace('_', ' ') }}
  {%- elif clause.get('action') == 'error' -%}
    error {{ string_literal(escape_single_quotes(clause.get('error_message'))) if clause.get('error_message') }}
  {%- endif -%}
{%- endmacro %}

{% macro weir__merge_matched_action(clause, dest_columns) -%}
  {%- set mode = clause.get('mode') or 'by_name' -%}
  {%- if clause.get('action') != 'update' -%}
    {{ weir__merge_common_action(clause) }}
  {%- elif mode == 'by_position' -%}
    update by position
  {%- elif mode == 'star' -%}
    update set *
  {%- elif mode == 'explicit' -%}
    {%- set wanted = clause.get('update') or {} -%}
    {%- set own = wanted.get('set_expressions') or {} -%}
    {%- set taken = own.keys() | map('lower') | list -%}
    {%- set parts = [] -%}
    {%- for column, expression in own.items() -%}
      {%- do parts.append(column ~ ' = ' ~ expression) -%}
    {%- endfor -%}
    {%- for column in get_merge_update_columns(wanted.get('include'), wanted.get('exclude'), dest_columns)
          if column | replace('"', '') | lower not in taken -%}
      {%- do parts.append(column ~ ' = DBT_INTERNAL_SOURCE.' ~ column) -%}
    {%- endfor -%}
    update set {{ parts | join(', ') }}
  {%- else -%}
    update by name
  {%- endif -%}
{%- endmacro %}

{% macro weir__merge_unmatched_action(clause) -%}
  {%- set mode = clause.get('mode') or 'by_name' -%}
  {%- if clause.get('action') == 'update' -%}
    {%- set parts = [] -%}
    {%- for column, expression in (clause.get('set_expressions') or {}).items() -%}
      {%- do parts.append(column ~ ' = ' ~ expression) -%}
    {%- endfor -%}
    update set {{ parts | join(', ') }}
  {%- elif clause.get('action') != 'insert' -%}
    {{ weir__merge_common_action(clause) }}
  {%- elif mode == 'by_position' -%}
    insert by position
  {%- elif mode == 'star' -%}
    insert *
  {%- elif mode == 'explicit' -%}
    insert ({{ clause.get('insert').get('columns') | join(', ') }})
    values ({{ clause.get('insert').get('values') | join(', ') }})
  {%- else -%}
    insert by name
  {%- endif -%}
{%- endmacro %}
