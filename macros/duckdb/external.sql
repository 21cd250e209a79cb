{#- `external` models: the rows go to a file (or a folder of files), a view reads them. -#}

{% materialization external, adapter='duckdb', supported_languages=['sql', 'python'] %}
  {%- set location = render(config.get('location', default=external_location(this, config))) -%}
  {%- set options = render_write_options(config) -%}
  {#- this call also settles options.format from the location's extension -#}
  {%- set write_options = adapter.external_write_options(location, options) -%}
  {%- set read_location = adapter.external_read_location(location, options) -%}
  {%- set format = options['format'] -%}
  {%- if format not in ['parquet', 'csv', 'json'] -%}
    {%- do exceptions.raise_compiler_error('Invalid format: ' ~ format ~ ' for ' ~ this ~ ' (use parquet, csv or json)') -%}
  {%- endif -%}

  {%- set target_relation = this.incorporate(type='view') -%}
  {%- set existing = load_cached_relation(this) -%}
  {%- set rows = make_intermediate_relation(this.incorporate(type='table')) -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- do adapter.ensure_transaction() -%}
  {%- do drop_relation_if_exists(load_cached_relation(rows)) -%}
  {%- call statement('create_table', language=model['language']) -%}
    {{- create_table_as(False, rows, compiled_code, model['language']) -}}
  {%- endcall -%}

  {#- a file with no rows would have no columns in some formats: one row of nulls stands for none -#}
  {%- set columns = [] -%}
  {%- if run_query('select count(*) from ' ~ rows).rows[0][0] == 0 -%}
    {%- set columns = adapter.get_columns_in_relation(rows) -%}
    {%- call statement('null_row') -%}
      insert into {{ rows }} values ({{ (['null'] * (columns | length)) | join(', ') }})
    {%- endcall -%}
  {%- endif -%}

  {%- do write_to_file(rows, location, write_options) -%}
  {%- do adapter.drop_relation(rows) -%}

  {%- if existing is not none and not existing.is_view -%}
    {%- do drop_relation_for_rebuild(existing) -%}
  {%- endif -%}
  {%- call statement('main') -%}
    create or replace view {{ target_relation }} as (
      select * from {{ weir__file_reader(read_location, format) }}
      {%- if columns %}
      where 1
      {%- for column in columns %} and {{ adapter.quote(column.column) }} is not null {%- endfor %}
      {%- endif %}
    );
  {%- endcall -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {%- do persist_docs(target_relation, model) -%}
  {%- do adapter.commit() -%}

  {#- a plugin keeps its own account of the file -#}
  {%- set plugin = config.get('plugin') -%}
  {%- if config.get('glue_register', default=false) -%}
    {%- set plugin = 'glue' -%}
  {%- endif -%}
  {%- if plugin -%}
    {%- do store_relation(plugin, target_relation, location, format, config) -%}
  {%- endif -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}


{% macro weir__file_reader(location, format) -%}
  {%- set usual = {'union_by_name': false} if format == 'parquet' else {'auto_detect': true} -%}
  {%- set options = config.get(format ~ '_read_options', usual) -%}
  {%- set parts = ["'" ~ location ~ "'"] -%}
  {%- for name, value in options.items() -%}
    {%- do parts.append(name ~ '=' ~ value) -%}
  {%- endfor -%}
  read_{{ format }}({{ parts | join(', ') }})
{%- endmacro %}


{#- <root>/<name>.<format>, or the folder <root>/<name> when the rows are partitioned. -#}
{% macro external_location(relation, config) -%}
  {%- set place = adapter.external_root() ~ '/' ~ relation.identifier -%}
  {%- if (config.get('options', {}) or {}).get('partition_by') is none -%}
    {%- set place = place ~ '.' ~ config.get('format', 'parquet') -%}
  {%- endif -%}
  {{ return(place) }}
{%- endmacro %}

{#- Options of COPY, rendered; `format` and `delimiter` may also stand beside `options` in the config. -#}
{% macro render_write_options(config) -%}
  {%- set given = config.get('options', {}) -%}
  {%- if given is not mapping -%}
    {%- do exceptions.raise_compiler_error('The options argument must be a dictionary') -%}
  {%- endif -%}
  {%- set options = {} -%}
  {%- for name, value in given.items() -%}
    {%- do options.update({name: render(value | string)}) -%}
  {%- endfor -%}
  {%- for name in ['format', 'delimiter'] if name not in options and config.get(name) -%}
    {%- do options.update({name: render(config.get(name))}) -%}
  {%- endfor -%}
  {{ return(options) }}
{%- endmacro %}

{% macro location_exists(location) -%}
  {%- do return(adapter.location_exists(location)) -%}
{%- endmacro %}

{% macro write_to_file(relation, location, options) -%}
  {%- call statement('write_to_file') -%}
    copy {{ relation }} to '{{ location }}' ({{ options }})
  {%- endcall -%}
{%- endmacro %}

{% macro store_relation(plugin, relation, location, format, config) -%}
  {%- do adapter.store_relation(plugin, relation, adapter.get_columns_in_relation(relation), location, format, config) -%}
{%- endmacro %}


{#- For on-run-start with an in-memory database: views over the files of external models that this run
    reads but does not build. -#}
{% macro register_upstream_external_models() -%}
  {%- if execute -%}
    {%- set seen, schemas = {}, {} -%}
    {%- for unique_id in selected_resources -%}
      {%- set node = graph['nodes'].get(unique_id, {}) -%}
      {%- for parent_id in (node.get('depends_on') or {}).get('nodes', []) -%}
        {%- set parent = graph['nodes'].get(parent_id) -%}
        {%- if parent and parent_id not in seen and parent_id not in selected_resources
               and parent.resource_type == 'model' and parent.config.materialized == 'external' -%}
          {%- do seen.update({parent_id: true}) -%}
          {%- do weir__register_external(parent, schemas) -%}
        {%- endif -%}
      {%- endfor -%}
    {%- endfor -%}
  {%- endif -%}
{%- endmacro %}

{% macro weir__register_external(node, schemas) -%}
  {%- set relation = api.Relation.create(database=node['database'], schema=node['schema'],
                                         identifier=node['alias'], type='view') -%}
  {%- set location = render(node.config.get('location', external_location(relation, node.config))) -%}
  {%- set options = render_write_options(node.config) -%}
  {%- do adapter.external_write_options(location, options) -%}
  {%- if location_exists(adapter.external_read_location(location, options)) -%}
    {%- if relation.schema not in schemas -%}
      {%- call statement('register_schema', auto_begin=False) -%}
        create schema if not exists {{ relation.without_identifier() }}
      {%- endcall -%}
      {%- do schemas.update({relation.schema: true}) -%}
    {%- endif -%}
    {%- call statement('register_view', auto_begin=False) -%}
      create or replace view {{ relation }} as (
        select * from '{{ adapter.external_read_location(location, options) }}'
      );
    {%- endcall -%}
  {%- endif -%}
{%- endmacro %}


{#- Where a source outside the database lies: its meta's external_location with names filled in, the
    way its `formatter` says: {identifier} (newstyle) or %(identifier)s (oldstyle). -#}
{% macro weir__external_location(facts) -%}
  {%- set formatter = facts.get('formatter', 'newstyle') -%}
  {%- if formatter == 'newstyle' -%}
    {%- set place = facts['external_location'].format(**facts) -%}
  {%- elif formatter == 'oldstyle' -%}
    {%- set place = facts['external_location'] % facts -%}
  {%- else -%}
    {%- do exceptions.raise_compiler_error(
          'Formatter ' ~ formatter ~ " not recognized. Must be one of 'newstyle' or 'oldstyle'.") -%}
  {%- endif -%}
  {%- if '(' in place or place.startswith("'") -%}
    {%- do return(place) -%}
  {%- endif -%}
  {%- do return("'" ~ place ~ "'") -%}
{%- endmacro %}
