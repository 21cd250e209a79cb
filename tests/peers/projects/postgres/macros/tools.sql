{% macro show_facts() %}
  {% set rows = run_query("select tablename, regexp_replace(indexdef, 'INDEX \\S+ ON', 'INDEX ON') as def from pg_indexes where schemaname = '" ~ target.schema ~ "' order by 1, 2") %}
  {% for row in rows %}{{ print(row[0] ~ ': ' ~ row[1]) }}{% endfor %}
  {% set rows = run_query("select table_name, grantee, privilege_type from information_schema.role_table_grants where table_schema = '" ~ target.schema ~ "' and grantee <> current_role order by 1, 2, 3") %}
  {% for row in rows %}{{ print(row.values() | join(' ')) }}{% endfor %}
  {% set rows = run_query("select c.relname, c.relkind, c.relpersistence, obj_description(c.oid) from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = '" ~ target.schema ~ "' and relkind in ('r', 'v', 'm') order by 1") %}
  {% for row in rows %}{{ print(row.values() | join(' ')) }}{% endfor %}
  {% set rows = run_query("select conname, pg_get_constraintdef(oid) from pg_constraint where connamespace = '" ~ target.schema ~ "'::regnamespace order by 1") %}
  {% for row in rows %}{{ print(row.values() | join(' ')) }}{% endfor %}
  {% set rows = run_query("select what, count(*) from " ~ target.schema ~ ".run_log group by 1 order by 1") %}
  {% for row in rows %}{{ print(row.values() | join(' ')) }}{% endfor %}
{% endmacro %}

{% macro list_all() %}
  {% set there = api.Relation.create(database=target.database, schema='made_by_hand') %}
  {% do adapter.create_schema(there) %}
  {{ print(adapter.check_schema_exists(target.database, 'made_by_hand')) }}
  {% do adapter.drop_schema(there) %}
  {{ print(adapter.check_schema_exists(target.database, 'made_by_hand')) }}
  {% set table = api.Relation.create(database=target.database, schema=target.schema, identifier='by_hand', type='table') %}
  {% do run_query('create table ' ~ table ~ ' as select 1 as a') %}
  {% set other = table.incorporate(path={'identifier': 'by_hand_2'}) %}
  {% do adapter.rename_relation(table, other) %}
  {{ print(adapter.get_columns_in_relation(other)) }}
  {% do adapter.truncate_relation(other) %}
  {{ print(run_query('select count(*) from ' ~ other).columns[0].values()) }}
  {% do adapter.drop_relation(other) %}
  {{ print(adapter.get_relation(target.database, target.schema, 'by_hand_2')) }}
{% endmacro %}
