{#- Checks of the merge configs: all mistakes at once, before any SQL is sent. -#}

{% macro validate_merge_config(config, target_relation=none) -%}
  {%- set short = {
        'merge_update_condition': config.get('merge_update_condition', none),
        'merge_insert_condition': config.get('merge_insert_condition', none),
        'merge_update_columns': config.get('merge_update_columns', none),
        'merge_exclude_columns': config.get('merge_exclude_columns', none),
        'merge_update_set_expressions': config.get('merge_update_set_expressions', none)
      } -%}
  {%- set errors = [] -%}
  {%- do validate_string_field(short['merge_update_condition'], 'merge_update_condition', errors) -%}
  {%- do validate_string_field(short['merge_insert_condition'], 'merge_insert_condition', errors) -%}
  {%- do validate_string_list_field(config.get('merge_on_using_columns', none), 'merge_on_using_columns', errors) -%}
  {%- do validate_string_list_field(short['merge_update_columns'], 'merge_update_columns', errors) -%}
  {%- do validate_dict_field(short['merge_update_set_expressions'], 'merge_update_set_expressions', errors) -%}
  {%- do validate_string_list_field(short['merge_exclude_columns'], 'merge_exclude_columns', errors) -%}
  {%- do validate_string_list_field(config.get('merge_returning_columns', none), 'merge_returning_columns', errors) -%}
  {%- do validate_merge_clauses(config, short, errors) -%}
  {%- do validate_ducklake_restrictions(config, target_relation, errors) -%}
  {%- if errors -%}
    {%- do exceptions.raise_compiler_error('MERGE configuration errors:\n' ~ errors | join('\n')) -%}
  {%- endif -%}
{%- endmacro %}

{#- base_configuration_fields: the short configs and their values; they mean nothing beside merge_clauses. -#}
{% macro validate_merge_clauses(config, base_configuration_fields, errors) -%}
  {%- set clauses = config.get('merge_clauses', none) -%}
  {%- if clauses is none -%}
    {%- do return('') -%}
  {%- endif -%}
  {%- if clauses is not mapping -%}
    {%- do errors.append('merge_clauses must be a dictionary, found: ' ~ clauses) -%}
    {%- do return('') -%}
  {%- endif -%}
  {%- if 'when_matched' not in clauses and 'when_not_matched' not in clauses -%}
    {%- do errors.append("merge_clauses must contain at least one of 'when_matched' or 'when_not_matched' keys") -%}
  {%- endif -%}
  {%- set idle = [] -%}
  {%- for name, value in base_configuration_fields.items() if value -%}
    {%- do idle.append(name) -%}
  {%- endfor -%}
  {%- if idle -%}
    {%- do errors.append('merge_clauses is specified, so these configs have no effect and should be removed: '
          ~ idle | join(', ') ~ '. Say it within merge_clauses instead.') -%}
  {%- endif -%}
  {%- do validate_merge_clause_list(clauses, 'when_matched', errors) -%}
  {%- do validate_merge_clause_list(clauses, 'when_not_matched', errors) -%}
{%- endmacro %}

{% macro validate_merge_clause_list(merge_clauses, clause_type, errors) -%}
  {%- if clause_type not in merge_clauses -%}
    {%- do return('') -%}
  {%- endif -%}
  {%- set where = 'merge_clauses.' ~ clause_type -%}
  {%- set clauses = merge_clauses[clause_type] -%}
  {%- if clauses is string or clauses is mapping or clauses is not sequence -%}
    {%- do errors.append(where ~ ' must be a list') -%}
    {%- do return('') -%}
  {%- elif clauses | length == 0 -%}
    {%- do errors.append(where ~ ' must contain at least one element') -%}
  {%- endif -%}
  {%- set actions = ['update', 'delete', 'do_nothing', 'error'] + (['insert'] if clause_type == 'when_not_matched' else []) -%}
  {%- for clause in clauses -%}
    {%- if clause is not mapping -%}
      {%- do errors.append(where ~ ' elements must be dictionaries, found: ' ~ clause) -%}
    {%- elif clause.get('action') not in actions -%}
      {%- do errors.append(where ~ ' action must be one of ' ~ actions | join(', ') ~ ', found: ' ~ clause.get('action')) -%}
    {%- else -%}
      {%- do validate_string_field(clause.get('condition'), where ~ ' condition', errors) -%}
      {%- do validate_string_field(clause.get('error_message'), where ~ ' error_message', errors) -%}
      {%- if clause.get('mode') and clause.get('mode') not in ['by_name', 'by_position', 'star', 'explicit'] -%}
        {%- do errors.append(where ~ ' mode must be one of by_name, by_position, star, explicit, found: ' ~ clause.get('mode')) -%}
      {%- endif -%}
      {%- if clause.get('mode') == 'explicit' and clause.get('action') == 'insert' -%}
        {%- set insert = clause.get('insert') if clause.get('insert') is mapping else {} -%}
        {%- if not insert.get('columns') or (insert.get('columns') | length) != (insert.get('values') | default([], true) | length) -%}
          {%- do errors.append(where ~ ' insert needs a list of columns and as many values') -%}
        {%- endif -%}
      {%- elif clause.get('mode') == 'explicit' -%}
        {%- do validate_dict_field(clause.get('update'), where ~ ' update', errors) -%}
      {%- endif -%}
      {%- if clause_type == 'when_not_matched' and clause.get('action') == 'update' and not clause.get('set_expressions') -%}
        {%- do errors.append(where ~ ' update needs set_expressions') -%}
      {%- endif -%}
    {%- endif -%}
  {%- endfor -%}
{%- endmacro %}

{#- DuckLake runs one update or delete for matched rows, no more. -#}
{% macro validate_ducklake_restrictions(config, target_relation, errors) -%}
  {%- set clauses = config.get('merge_clauses', none) -%}
  {%- if clauses is mapping and target_relation and adapter.is_ducklake(target_relation) -%}
    {%- set acting = [] -%}
    {%- for clause in clauses.get('when_matched', []) if clause is mapping and clause.get('action') in ['update', 'delete'] -%}
      {%- do acting.append(clause.get('action')) -%}
    {%- endfor -%}
    {%- if acting | length > 1 -%}
      {%- do errors.append('DuckLake MERGE allows a single update or delete in when_matched, found: ' ~ acting | join(', ')) -%}
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}


{% macro validate_string_field(field_value, field_name, errors) -%}
  {%- if field_value is defined and field_value is not none and field_value is not string -%}
    {%- do errors.append(field_name ~ ' must be a string, found: ' ~ field_value) -%}
  {%- endif -%}
{%- endmacro %}

{% macro validate_string_list_field(field_value, field_name, errors) -%}
  {%- if field_value is defined and field_value is not none -%}
    {%- if field_value is string or field_value is mapping or field_value is not sequence -%}
      {%- do errors.append(field_name ~ ' must be a list') -%}
    {%- else -%}
      {%- for item in field_value if item is not string -%}
        {%- do errors.append(field_name ~ ' must contain only string values, found: ' ~ item) -%}
      {%- endfor -%}
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}

{% macro validate_dict_field(field_value, field_name, errors) -%}
  {%- if field_value is defined and field_value is not none and field_value is not mapping -%}
    {%- do errors.append(field_name ~ ' must be a dictionary, found: ' ~ field_value) -%}
  {%- endif -%}
{%- endmacro %}
