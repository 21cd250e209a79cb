{#- Seeds: CSV files of the project as tables. -#}

{% materialization seed, default %}
  {%- set existing = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
  {%- set rebuild = should_full_refresh() -%}
  {%- if existing is not none and existing.is_view -%}
    {%- do exceptions.raise_compiler_error("Cannot seed to '" ~ existing.render() ~ "', it is a view") -%}
  {%- endif -%}
  {%- set agate_table = load_agate_table() -%}
  {%- do store_result('agate_table', response='OK', agate_table=agate_table) -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {#- emptying and filling is one transaction: readers see the old rows until the new ones are all there -#}
  {%- do adapter.ensure_transaction() -%}
  {%- if existing is none -%}
    {%- set table_sql = create_csv_table(model, agate_table) -%}
  {%- else -%}
    {%- set table_sql = reset_csv_table(model, rebuild, existing, agate_table) -%}
  {%- endif -%}
  {%- set row_count = agate_table.rows | length -%}
  {%- set rows_sql = load_csv_rows(model, agate_table) if row_count else '' -%}

  {%- set code = 'CREATE' if rebuild else 'INSERT' -%}
  {%- call noop_statement('main', code ~ ' ' ~ row_count, code, row_count) -%}
    {{ get_csv_sql(table_sql, rows_sql) }}
  {%- endcall -%}

  {%- set target_relation = this.incorporate(type='table') -%}
  {%- do apply_grants(target_relation, config.get('grants'),
                      should_revoke=should_revoke(existing, rebuild)) -%}
  {%- do persist_docs(target_relation, model) -%}
  {%- if rebuild or existing is none -%}
    {%- do create_indexes(target_relation) -%}
  {%- endif -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {%- do adapter.commit() -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% macro create_csv_table(model, agate_table) -%}
  {{ adapter.dispatch('create_csv_table', 'dbt')(model, agate_table) }}
{%- endmacro %}

{% macro default__create_csv_table(model, agate_table) %}
  {%- set wanted_types = model['config'].get('column_types', {}) -%}
  {%- set quote_columns = model['config'].get('quote_columns', none) -%}
  {%- set definitions = [] -%}
  {%- for name in agate_table.column_names -%}
    {%- set type = wanted_types.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
    {%- do definitions.append(adapter.quote_seed_column(name | string, quote_columns) ~ ' ' ~ type) -%}
  {%- endfor -%}
  {%- set ddl = 'create table ' ~ this.render() ~ ' (' ~ definitions | join(',') ~ ')' -%}
  {%- call statement('_') -%}
    {{ ddl }}
  {%- endcall -%}
  {{ return(ddl) }}
{% endmacro %}

{% macro reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
  {{ adapter.dispatch('reset_csv_table', 'dbt')(model, full_refresh, old_relation, agate_table) }}
{%- endmacro %}

{% macro default__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
  {%- if full_refresh -%}
    {%- do adapter.drop_relation(old_relation) -%}
    {{ return(create_csv_table(model, agate_table)) }}
  {%- endif -%}
  {%- do adapter.truncate_relation(old_relation) -%}
  {{ return('truncate table ' ~ old_relation.render()) }}
{% endmacro %}

{% macro get_csv_sql(create_or_truncate_sql, insert_sql) %}
  {{ adapter.dispatch('get_csv_sql', 'dbt')(create_or_truncate_sql, insert_sql) }}
{% endmacro %}

{% macro default__get_csv_sql(create_or_truncate_sql, insert_sql) %}
    {{ create_or_truncate_sql }};
    -- dbt seed --
    {{ insert_sql }}
{% endmacro %}

{#- How a parameter is written in an insert. -#}
{% macro get_binding_char() -%}
  {{ adapter.dispatch('get_binding_char', 'dbt')() }}
{%- endmacro %}

{% macro default__get_binding_char() %}
  {{ return('%s') }}
{% endmacro %}

{#- Rows per insert. -#}
{% macro get_batch_size() -%}
  {{ return(adapter.dispatch('get_batch_size', 'dbt')()) }}
{%- endmacro %}

{% macro default__get_batch_size() %}
  {{ return(10000) }}
{% endmacro %}

{% macro get_seed_column_quoted_csv(model, column_names) %}
  {%- set quote_columns = model['config'].get('quote_columns', none) -%}
  {%- set quoted = [] -%}
  {%- for name in column_names -%}
    {%- do quoted.append(adapter.quote_seed_column(name, quote_columns)) -%}
  {%- endfor -%}
  {{ return(quoted | join(', ')) }}
{% endmacro %}

{% macro load_csv_rows(model, agate_table) -%}
  {{ adapter.dispatch('load_csv_rows', 'dbt')(model, agate_table) }}
{%- endmacro %}

{#- A copy of all rows where the adapter can; else inserts with bound parameters. Gives the (first)
    statement as the text for the run folder. -#}
{% macro default__load_csv_rows(model, agate_table) %}
  {%- set copied = adapter.copy_rows(this, agate_table) -%}
  {%- if copied -%}
    {{ return(copied) }}
  {%- endif -%}
  {%- set columns = get_seed_column_quoted_csv(model, agate_table.column_names) -%}
  {%- set mark = get_binding_char() -%}
  {%- set one_row = '(' ~ ([mark] * (agate_table.column_names | length)) | join(',') ~ ')' -%}
  {%- set sent = [] -%}
  {%- for rows in agate_table.rows | batch(get_batch_size() | int) -%}
    {%- set bindings = [] -%}
    {%- for row in rows -%}
      {%- do bindings.extend(row) -%}
    {%- endfor -%}
    {%- set insert = 'insert into ' ~ this.render() ~ ' (' ~ columns ~ ') values '
                     ~ ([one_row] * (rows | length)) | join(',') -%}
    {%- do adapter.add_query(insert, bindings=bindings, abridge_sql_log=True) -%}
    {%- do sent.append(insert) -%}
  {%- endfor -%}
  {{ return(sent[0]) }}
{% endmacro %}
